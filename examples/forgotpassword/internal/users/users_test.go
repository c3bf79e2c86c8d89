package users_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/dynamostore"
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

	_, err := s.Find(ctx, "ada@example.com")
	require.ErrorIs(t, err, users.ErrUnknown)

	_, err = s.SetPassword(ctx, "ada@example.com", "new")
	require.ErrorIs(t, err, users.ErrUnknown)
	_, err = s.Find(ctx, "ada@example.com")
	require.ErrorIs(t, err, users.ErrUnknown, "setting a password must not make an account")

	registered := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	ada := users.User{Email: "Ada@Example.com", PasswordHash: "old", PasswordChanged: registered}
	added, err := s.Add(ctx, ada)
	require.NoError(t, err)
	require.True(t, added)

	added, err = s.Add(ctx, users.User{Email: "ada@example.com", PasswordHash: "evil"})
	require.NoError(t, err)
	require.False(t, added, "the account is there already")

	for _, typed := range []string{"ada@example.com", "ADA@EXAMPLE.COM"} {
		got, err := s.Find(ctx, typed)
		require.NoError(t, err, typed)
		require.Equal(t, ada, got, typed)
	}

	got, err := s.SetPassword(ctx, "ADA@example.com", "new")
	require.NoError(t, err)
	assert.Equal(t, ada.Email, got.Email)
	assert.Equal(t, "new", got.PasswordHash)
	assert.True(t, got.PasswordChanged.After(registered))

	found, err := s.Find(ctx, "ada@example.com")
	require.NoError(t, err)
	assert.Equal(t, ada.Email, found.Email)
	assert.Equal(t, "new", found.PasswordHash)

	// U+212A is no k, and U+017F no s, though Unicode folds them.
	for _, typed := range []string{"\u212aate@example.com", "ada@example.com\u017f"} {
		_, err := s.Find(ctx, typed)
		require.ErrorIs(t, err, users.ErrUnknown, "%q", typed)
	}
}

// An item that something else wrote is an error, not an account without a password.
func TestForeignItems(t *testing.T) {
	client, table := newTable(t)
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: &table,
		Item: map[string]types.AttributeValue{
			"email": &types.AttributeValueMemberS{Value: "ada@example.com"},
		},
	})
	require.NoError(t, err)

	_, err = users.NewDynamo(client, table).Find(t.Context(), "ada@example.com")

	require.Error(t, err)
	require.NotErrorIs(t, err, users.ErrUnknown)
}

func newTable(t *testing.T) (*dynamodb.Client, string) {
	t.Helper()
	client, table := servers.DynamoDB(t), servers.TableName()
	options := &dynamostore.Options{PartitionKey: "email"} // one key, as this table has
	err := dynamostore.CreateTable(t.Context(), client, table, options)
	require.NoError(t, err)
	return client, table
}

func TestPasswords(t *testing.T) {
	ctx := t.Context()

	// The e with an accent, composed and not: people type the same and keyboards differ.
	hash, err := users.Hash(ctx, "caf\u00e9 analytical engine")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)

	for password, wanted := range map[string]bool{
		"caf\u00e9 analytical engine":  true,
		"cafe\u0301 analytical engine": true,
		"cafe analytical engine":       false,
		"":                             false,
	} {
		got, err := (users.User{PasswordHash: hash}).Matches(ctx, password)
		require.NoError(t, err, "%q", password)
		require.Equal(t, wanted, got, "%q", password)
	}

	matches, err := (users.User{}).Matches(ctx, "")
	require.NoError(t, err)
	require.False(t, matches, "nobody has the empty password")

	_, err = (users.User{PasswordHash: "plain"}).Matches(ctx, "plain")
	require.Error(t, err, "the hash is none")
}

// Each password that cannot be chosen has the code of its reason.
func TestCheckPassword(t *testing.T) {
	const email = "a.long.name.of.ada@example.com"

	for password, code := range map[string]string{
		"lovely analytical engine":           "",
		"fifteen letters":                    "",
		"ünïcödé cöünts ï":                   "",
		"no mixture of kinds is needed here": "",
		strings.Repeat("quite long ", 11):    "",
		strings.Repeat("quite long ", 12):    "password_too_long",
		"fourteen chars":                     "password_too_short",
		"":                                   "password_too_short",
		email:                                "password_is_address",
		"\tA.Long.Name.of.Ada@Example.com ":  "password_is_address",
		"A.Long.Name.of.Ada":                 "password_is_address",
		"Password Password":                  "password_common",
		"abababababababababa":                "password_common",
		"aaaaaaaaaaaaaaa":                    "password_common",
		"               ":                    "password_common",
		"not valid utf-8 \xff at all":        "password_malformed",
	} {
		err := users.CheckPassword(password, email)
		if code == "" {
			require.NoError(t, err, "%q", password)
			continue
		}

		var weak *users.PasswordError
		require.ErrorAs(t, err, &weak, "%q", password)
		require.Equal(t, code, weak.Code, "%q", password)
	}
}

func TestSeed(t *testing.T) {
	const seed = `[{"email": "ada@example.com", "password": "lovely analytical engine"}]`
	s := users.NewMemory()

	for i, wanted := range []int{1, 0} {
		added, err := users.Seed(t.Context(), s, strings.NewReader(seed))
		require.NoError(t, err, "time %d", i+1)
		require.Equal(t, wanted, added, "time %d", i+1)
	}

	u, err := s.Find(t.Context(), "ada@example.com")
	require.NoError(t, err)
	right, err := u.Matches(t.Context(), "lovely analytical engine")
	require.NoError(t, err)
	require.True(t, right)

	for _, bad := range []string{
		``,
		`{}`,
		`[{"email": "ada", "password": "lovely analytical engine"}]`,
		`[{"email": "eve@example.com", "password": "short"}]`,
		`[{"email": "eve@example.com", "password": "lovely analytical engine", "admin": true}]`,
	} {
		_, err := users.Seed(t.Context(), s, strings.NewReader(bad))
		require.Error(t, err, bad)
	}
}
