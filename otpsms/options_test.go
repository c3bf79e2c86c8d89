package otpsms_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp/otpsms"
)

func TestOptionsTaken(t *testing.T) {
	for name, options := range map[string]otpsms.Options{
		"least":            {Product: "A"},
		"longest product":  {Product: strings.Repeat("A", 20)},
		"longest together": {Product: strings.Repeat("A", 20), Domain: "some.example"},
		"emoji":            {Product: strings.Repeat("😀", 10)},
		"long domain":      {Product: "A", Domain: strings.Repeat("a", 23) + ".example"},
		"punycode":         {Product: "A", Domain: "xn--bcher-kva.example"},
		"deep":             {Product: "A", Domain: "a.b-2.c3.example"},
		"hash":             {Product: "A", AppHash: "FA+9qCX9VSu"},
		"at inside":        {Product: "Us@Home"},
	} {
		assert.NoError(t, options.Check(), name)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		options otpsms.Options
		want    string
	}{
		"no product":        {otpsms.Options{}, `Options.Product is "", 0 characters`},
		"long product":      {otpsms.Options{Product: strings.Repeat("A", 21)}, "21 characters"},
		"eleven emoji":      {otpsms.Options{Product: strings.Repeat("😀", 11)}, "22 characters"},
		"two lines":         {otpsms.Options{Product: "A\nB"}, `Options.Product is "A\nB"`},
		"direction":         {otpsms.Options{Product: "A\u202eB"}, "formatting"},
		"not UTF-8":         {otpsms.Options{Product: "A\xff"}, "UTF-8"},
		"line for autofill": {otpsms.Options{Product: "A @b #1"}, "begins with @"},
		"too long together": {
			otpsms.Options{Product: strings.Repeat("A", 20), Domain: "other.example"},
			"together they have 33 characters, and at most 32 fit"},
		"two last lines": {
			otpsms.Options{Product: "A", Domain: "a.example", AppHash: "FA+9qCX9VSu"},
			"one last line"},
		"short hash": {otpsms.Options{Product: "A", AppHash: "FA+9qCX9VS"}, "Options.AppHash"},
		"long hash":  {otpsms.Options{Product: "A", AppHash: "FA+9qCX9VSu1"}, "11 characters"},
		"bad hash":   {otpsms.Options{Product: "A", AppHash: "FA-9qCX9VSu"}, "Options.AppHash"},
	} {
		assert.ErrorContains(t, test.options.Check(), test.want, name)
	}

	for _, domain := range []string{
		"localhost", "Example.com", "https://a.example", "a.example:443", "a.example/x",
		"a..example", ".a.example", "a.example.", "-a.example", "a-.example", "bücher.example",
		"a example.com", "a_b.example", "@a.example", "a.example #1",
	} {
		options := otpsms.Options{Product: "A", Domain: domain}
		assert.ErrorContains(t, options.Check(), "Options.Domain", "%q", domain)
	}
}
