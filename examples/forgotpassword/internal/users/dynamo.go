//go:build !laptop

package users

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Dynamo is a Store in a DynamoDB table with the partition key "email", a string.
type Dynamo struct {
	client *dynamodb.Client
	table  string
}

var _ Store = (*Dynamo)(nil)

// NewDynamo returns a Store in the table.
func NewDynamo(client *dynamodb.Client, table string) *Dynamo { return &Dynamo{client, table} }

// The attributes of an item. The key is the folded address. attrAddress holds the address as it was
// registered.
const (
	attrKey     = "email"
	attrAddress = "address"
	attrHash    = "password_hash"
	attrChanged = "password_changed"
)

// Find implements Store.
func (d *Dynamo) Find(ctx context.Context, email string) (User, error) {
	out, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &d.table,
		Key:            d.key(email),
		ConsistentRead: aws.Bool(true), // the old password must not work right after the change
	})
	if err != nil {
		return User{}, d.wrap(err)
	}
	if len(out.Item) == 0 {
		return User{}, ErrUnknown
	}
	return d.user(out.Item)
}

// SetPassword implements Store. The condition keeps it from making an account.
func (d *Dynamo) SetPassword(ctx context.Context, email, hash string) (User, error) {
	out, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &d.table,
		Key:                 d.key(email),
		ConditionExpression: aws.String("attribute_exists(#key)"),
		UpdateExpression:    aws.String("SET #hash = :hash, #changed = :changed"),
		ExpressionAttributeNames: map[string]string{
			"#key": attrKey, "#hash": attrHash, "#changed": attrChanged,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":hash": text(hash), ":changed": text(time.Now().UTC().Format(time.RFC3339)),
		},
		ReturnValues: types.ReturnValueAllNew,
	})

	if _, failed := errors.AsType[*types.ConditionalCheckFailedException](err); failed {
		return User{}, ErrUnknown
	}
	if err != nil {
		return User{}, d.wrap(err)
	}
	return d.user(out.Attributes)
}

// Add implements Store.
func (d *Dynamo) Add(ctx context.Context, u User) (added bool, err error) {
	item := d.key(u.Email)
	item[attrAddress] = text(u.Email)
	item[attrHash] = text(u.PasswordHash)
	item[attrChanged] = text(u.PasswordChanged.UTC().Format(time.RFC3339))

	_, err = d.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                &d.table,
		Item:                     item,
		ConditionExpression:      aws.String("attribute_not_exists(#key)"),
		ExpressionAttributeNames: map[string]string{"#key": attrKey},
	})

	if _, taken := errors.AsType[*types.ConditionalCheckFailedException](err); taken {
		return false, nil
	}
	if err != nil {
		return false, d.wrap(err)
	}
	return true, nil
}

func (d *Dynamo) key(email string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{attrKey: text(key(email))}
}

// user reads an item. An item without one of the attributes was written by something else and is an
// error.
func (d *Dynamo) user(item map[string]types.AttributeValue) (User, error) {
	address, okAddress := item[attrAddress].(*types.AttributeValueMemberS)
	hash, okHash := item[attrHash].(*types.AttributeValueMemberS)
	changed, okChanged := item[attrChanged].(*types.AttributeValueMemberS)
	if !okAddress || !okHash || !okChanged {
		err := fmt.Errorf("an item lacks %q, %q or %q", attrAddress, attrHash, attrChanged)
		return User{}, d.wrap(err)
	}

	at, err := time.Parse(time.RFC3339, changed.Value)
	if err != nil {
		return User{}, d.wrap(fmt.Errorf("an item has a bad %q: %w", attrChanged, err))
	}
	return User{Email: address.Value, PasswordHash: hash.Value, PasswordChanged: at}, nil
}

func (d *Dynamo) wrap(err error) error { return fmt.Errorf("users: table %q: %w", d.table, err) }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
