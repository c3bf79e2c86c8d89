package dynamostore

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// explain wraps an error of the SDK, and adds the table and what to do about it. The texts of
// DynamoDB repeat neither keys nor values.
func (s *Store) explain(err error) error {
	var advice string

	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "ResourceNotFoundException":
			advice = "it does not exist in this account and region; " +
				"create it (CreateTable does) or correct the name: "
		case "AccessDeniedException":
			advice = "allow dynamodb:GetItem and dynamodb:PutItem on it: "
		case "ValidationException":
			advice = fmt.Sprintf("its key must be %s; correct its name or Options: ",
				s.opts.keySchema())
		}
	}
	return fmt.Errorf("dynamostore: table %q: %s%w", s.table, advice, err)
}

// keySchema describes the primary key that the table must have.
func (o Options) keySchema() string {
	if o.SortKey == "" {
		return fmt.Sprintf("%q (string) without a sort key", o.PartitionKey)
	}
	return fmt.Sprintf("%q (string) with the sort key %q (string)", o.PartitionKey, o.SortKey)
}
