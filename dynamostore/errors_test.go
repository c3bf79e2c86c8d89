package dynamostore_test

import (
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

func TestErrorsNameTheTableAndWhatToDo(t *testing.T) {
	const noSortKey = `"pk" (string) without a sort key`
	local := servers.DynamoDB(t)
	denied := &fakeClient{err: &smithy.OperationError{
		ServiceID:     "DynamoDB",
		OperationName: "GetItem",
		Err:           &smithy.GenericAPIError{Code: "AccessDeniedException"},
	}}

	for name, test := range map[string]struct {
		client dynamostore.API
		table  string
		code   string
		want   []string
	}{
		"missing table": {local, servers.TableName(), "ResourceNotFoundException",
			[]string{"does not exist", "CreateTable"}},
		"other partition key": {local, newTable(t, "id"), "ValidationException",
			[]string{noSortKey, "Options"}},
		"unexpected sort key": {local, newTable(t, "pk", "sk"), "ValidationException",
			[]string{noSortKey, "Options"}},
		"denied access": {denied, "otp", "AccessDeniedException",
			[]string{"dynamodb:GetItem", "dynamodb:PutItem"}},
	} {
		t.Run(name, func(t *testing.T) {
			const key, value = "Qm9iJ3Mga2V5", "Qm9iJ3MgdmFsdWU"
			store := newStore(t, test.client, test.table, nil)

			_, loading := store.Load(t.Context(), key)
			_, creating := store.CompareAndSwap(t.Context(), key, nil, []byte(value), time.Time{})
			_, swapping := store.CompareAndSwap(t.Context(), key, []byte(value), []byte(value),
				time.Time{})

			for _, err := range []error{loading, creating, swapping} {
				var api smithy.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, test.code, api.ErrorCode())
				assert.ErrorContains(t, err, `table "`+test.table+`"`)
				for _, part := range test.want {
					assert.ErrorContains(t, err, part)
				}
				assert.NotContains(t, err.Error(), key)
				assert.NotContains(t, err.Error(), value)
			}
		})
	}
}
