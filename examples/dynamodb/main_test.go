package main

import (
	"strings"
	"testing"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

func TestRun(t *testing.T) {
	client, table := servers.DynamoDB(t), servers.TableName()
	var out strings.Builder
	if err := run(t.Context(), client, table, &out); err != nil {
		t.Fatal(err)
	}
	const want = "A sends a code\nB accepts it\nA refuses it: otp: code rejected: it was used before\n"
	if out.String() != want {
		t.Errorf("it printed %q, want %q", out.String(), want)
	}
}
