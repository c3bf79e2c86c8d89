package users_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/seed-5978b5f1/otp/internal/servers"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// Both stores keep the same promises.
func TestStores(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testStore(t, users.NewMemory()) })
	t.Run("DynamoDB", func(t *testing.T) { testStore(t, users.NewDynamo(newTable(t))) })
}

func testStore(t *testing.T, s users.Store) {
	ctx := t.Context()
	if _, err := s.Find(ctx, "ada@example.com"); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("an unknown account: %v", err)
	}
	if _, err := s.SetPassword(ctx, "ada@example.com", "new"); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("setting the password of an unknown account: %v", err)
	}
	if _, err := s.Find(ctx, "ada@example.com"); !errors.Is(err, users.ErrUnknown) {
		t.Errorf("setting a password has made an account: %v", err)
	}
	registered := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	ada := users.User{Email: "Ada@Example.com", PasswordHash: "old", PasswordChanged: registered}
	if added, err := s.Add(ctx, ada); err != nil || !added {
		t.Fatalf("adding: %v, %v", added, err)
	}
	if added, err := s.Add(ctx, users.User{Email: "ada@example.com", PasswordHash: "evil"}); err != nil || added {
		t.Errorf("adding it again: %v, %v", added, err)
	}
	for _, typed := range []string{"ada@example.com", "ADA@EXAMPLE.COM"} {
		if got, err := s.Find(ctx, typed); err != nil || got != ada {
			t.Errorf("Find(%q) = %+v, %v", typed, got, err)
		}
	}
	got, err := s.SetPassword(ctx, "ADA@example.com", "new")
	if err != nil || got.Email != ada.Email || got.PasswordHash != "new" || !got.PasswordChanged.After(registered) {
		t.Errorf("SetPassword = %+v, %v", got, err)
	}
	if found, err := s.Find(ctx, "ada@example.com"); err != nil || found.PasswordHash != "new" || found.Email != ada.Email {
		t.Errorf("afterwards Find = %+v, %v", found, err)
	}
	// U+212A is no k, and U+017F no s, though Unicode folds them.
	for _, typed := range []string{"\u212aate@example.com", "ada@example.com\u017f"} {
		if _, err := s.Find(ctx, typed); !errors.Is(err, users.ErrUnknown) {
			t.Errorf("Find(%q): %v", typed, err)
		}
	}
}

// An item that something else wrote is an error, not an account without a password.
func TestForeignItems(t *testing.T) {
	client, table := newTable(t)
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: &table,
		Item:      map[string]types.AttributeValue{"email": &types.AttributeValueMemberS{Value: "ada@example.com"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := users.NewDynamo(client, table).Find(t.Context(), "ada@example.com"); err == nil || errors.Is(err, users.ErrUnknown) {
		t.Errorf("got %+v, %v", u, err)
	}
}

func newTable(t *testing.T) (*dynamodb.Client, string) {
	t.Helper()
	client, table := servers.DynamoDB(t), servers.TableName()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &table,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("email"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeS}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, table
}

func TestPasswords(t *testing.T) {
	ctx := t.Context()
	// The e with an accent, composed and not: people type the same and keyboards differ.
	hash, err := users.Hash(ctx, "caf\u00e9 analytical engine")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %q", hash)
	}
	for password, wanted := range map[string]bool{
		"caf\u00e9 analytical engine": true, "cafe\u0301 analytical engine": true, "cafe analytical engine": false, "": false,
	} {
		if got, err := (users.User{PasswordHash: hash}).Matches(ctx, password); err != nil || got != wanted {
			t.Errorf("Matches(%q) = %v, %v", password, got, err)
		}
	}
	if got, err := (users.User{}).Matches(ctx, ""); err != nil || got {
		t.Errorf("nobody has the empty password: %v, %v", got, err)
	}
	if _, err := (users.User{PasswordHash: "plain"}).Matches(ctx, "plain"); err == nil {
		t.Error("a hash that is none is no error")
	}
}

func TestCheckPassword(t *testing.T) {
	const email = "a.long.name.of.ada@example.com"
	for password, ok := range map[string]bool{
		"lovely analytical engine":           true,
		"fifteen letters":                    true,
		"fourteen chars":                     false,
		"ünïcödé cöünts ï":                   true,
		strings.Repeat("quite long ", 11):    true,
		strings.Repeat("quite long ", 12):    false,
		email:                                false,
		"A.Long.Name.of.Ada":                 false,
		"Password Password":                  false,
		"abababababababababa":                false,
		"aaaaaaaaaaaaaaa":                    false,
		"not valid utf-8 \xff at all":        false,
		"               ":                    false,
		"no mixture of kinds is needed here": true,
	} {
		err := users.CheckPassword(password, email)
		if (err == nil) != ok {
			t.Errorf("CheckPassword(%q) = %v", password, err)
		}
		if _, weak := errors.AsType[*users.PasswordError](err); !ok && !weak {
			t.Errorf("CheckPassword(%q) is no PasswordError: %v", password, err)
		}
	}
}

func TestSeed(t *testing.T) {
	s := users.NewMemory()
	const seed = `[{"email": "ada@example.com", "password": "lovely analytical engine"}]`
	for i, wanted := range []int{1, 0} {
		if added, err := users.Seed(t.Context(), s, strings.NewReader(seed)); err != nil || added != wanted {
			t.Errorf("time %d: %d added, %v", i+1, added, err)
		}
	}
	u, err := s.Find(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if right, err := u.Matches(t.Context(), "lovely analytical engine"); err != nil || !right {
		t.Errorf("the password does not match: %v, %v", right, err)
	}
	for _, bad := range []string{
		``, `{}`, `[{"email": "ada", "password": "lovely analytical engine"}]`, `[{"email": "eve@example.com", "password": "short"}]`,
		`[{"email": "eve@example.com", "password": "lovely analytical engine", "admin": true}]`,
	} {
		if _, err := users.Seed(t.Context(), s, strings.NewReader(bad)); err == nil {
			t.Errorf("no error for %s", bad)
		}
	}
}
