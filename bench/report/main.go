// Command report reads the output of the benchmarks, prints the ratios that the project has bounds for, and says which
// bounds hold. It fails if one does not, or was not measured.
//
//	report results.txt
package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: report results.txt")
		os.Exit(2)
	}
	f, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer f.Close()
	measured, err := read(f)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !print(os.Stdout, measured) {
		os.Exit(1)
	}
}

// A quantity is one that a benchmark measures: its name without "Benchmark" and processors, and the unit.
type quantity struct{ benchmark, unit string }

// A row compares two quantities, or takes one as it is.
type row struct {
	what, beside string
	a, b         quantity // the ratio is a / b; no b stands for 1
	bound        float64  // 0 for none
	atLeast      bool     // the bound is a lower one
}

var pair = quantity{"Memory/otp", "ns/op"}

func live(n, unit string) quantity    { return quantity{"Live/" + n, unit} }
func part(name string) quantity       { return quantity{"Goroutines/" + name, "ns/op"} }
func dynamo(unit string) quantity     { return quantity{"DynamoDB", unit} }
func capacity(op, u string) quantity  { return quantity{"Capacity/" + op, u} }
func attack(op, unit string) quantity { return quantity{"Attack/" + op, unit} }
func start(unit string) quantity      { return quantity{"ColdStart", unit} }
func binary(unit string) quantity     { return quantity{"Binary", unit} }

var rows = []row{
	{what: "Send + Verify in memory", beside: "pquerna/otp, generate + validate", a: pair, b: quantity{"Memory/pquerna", "ns/op"}, bound: 1.5},
	{what: "Send + Verify in memory", beside: "its 7 HMACs, bare", a: pair, b: quantity{"Memory/hmacs", "ns/op"}, bound: 2},
	{what: "Send + Verify in memory", beside: "the same HMACs, each with hmac.New", a: pair, b: quantity{"Memory/new-hmacs", "ns/op"}},
	{what: "Send + Verify in memory", beside: "scs/memstore, commit + find", a: pair, b: quantity{"Memory/scs", "ns/op"}},
	{what: "bcrypt of cost 10, hash + compare", beside: "Send + Verify in memory", a: quantity{"Memory/bcrypt", "ns/op"}, b: pair},
	{what: "argon2id of 64 MiB, hash + compare", beside: "Send + Verify in memory", a: quantity{"Memory/argon2id", "ns/op"}, b: pair},
	{what: "Allocations of Send + Verify", a: quantity{"Memory/otp", "allocs/op"}, bound: 10},
	{what: "Pairs a second, 2 goroutines on 2 processors", beside: "1 on 1", a: part("1"), b: part("2"), bound: 1.8, atLeast: true},
	{what: "2 goroutines on 2 processors", beside: "1 on 2, one of which collects the garbage", a: part("1/with-2-processors"), b: part("2")},
	{what: "its 7 HMACs alone, 2 goroutines on 2 processors", beside: "1 on 1", a: part("hmacs/1"), b: part("hmacs/2")},
	{what: "its 8 allocations alone, 2 goroutines on 2 processors", beside: "1 on 1", a: part("allocations/1"), b: part("allocations/2")},
	{what: "4 goroutines on 2 processors", beside: "1 on 1", a: part("1"), b: part("4")},
	{what: "8 goroutines on 2 processors", beside: "1 on 1", a: part("1"), b: part("8")},
	{what: "Pair among 1 million live codes", beside: "among 10 thousand", a: live("1000000", "ns/op"), b: live("10000", "ns/op")},
	{what: "among 10 million", beside: "among 10 thousand", a: live("10000000", "ns/op"), b: live("10000", "ns/op"), bound: 2},
	{what: "Bytes per live code, 1 million", a: live("1000000", "B/code"), bound: 300},
	{what: "10 million", a: live("10000000", "B/code"), bound: 300},
	{what: "Longest call while a million expire, ns", a: quantity{"Expiry/million", "max-ns"}, bound: 1e6},
	{what: "99.9th percentile, ns", a: quantity{"Expiry/million", "p99.9-ns"}},
	{what: "with nothing to expire: longest, ns", a: quantity{"Expiry/none", "max-ns"}},
	{what: "99.9th percentile, ns", a: quantity{"Expiry/none", "p99.9-ns"}},
	{what: "Latency of Send + Verify on DynamoDB Local", beside: "the same 4 calls, bare SDK", a: dynamo("otp-ns"), b: dynamo("bare-ns"), bound: 1.05},
	{what: "CPU", beside: "the same 4 calls, bare SDK", a: dynamo("otp-cpu-ns"), b: dynamo("bare-cpu-ns"), bound: 1.1},
	{what: "DynamoDB: requests of Send", a: capacity("send", "requests/op")},
	{what: "read units", a: capacity("send", "read-units/op")},
	{what: "write units", a: capacity("send", "write-units/op")},
	{what: "requests of Verify", a: capacity("verify", "requests/op")},
	{what: "read units", a: capacity("verify", "read-units/op")},
	{what: "write units", a: capacity("verify", "write-units/op")},
	{what: "requests of a guess at an unknown address", a: capacity("unknown", "requests/op")},
	{what: "read units", a: capacity("unknown", "read-units/op")},
	{what: "write units", a: capacity("unknown", "write-units/op")},
	{what: "1,000 goroutines guess at one address: a second", a: attack("guesses", "ops/s")},
	{what: "writes for each", a: attack("guesses", "writes/op")},
	{what: "guess at unknown addresses: a second", a: attack("unknown", "ops/s")},
	{what: "writes for each", a: attack("unknown", "writes/op")},
	{what: "ask for codes for unknown addresses: a second", a: attack("sends", "ops/s")},
	{what: "writes for each", a: attack("sends", "writes/op")},
	{what: "Lambda: cold start of generate", beside: "bare handler", a: start("generate-ns"), b: start("bare-ns"), bound: 1.1},
	{what: "cold start of reset", beside: "bare handler", a: start("reset-ns"), b: start("bare-ns"), bound: 1.1},
	{what: "binary of generate", beside: "bare handler", a: binary("generate-B"), b: binary("bare-B"), bound: 1.15},
	{what: "binary of reset", beside: "bare handler", a: binary("reset-B"), b: binary("bare-B"), bound: 1.15},
}

// print writes the table and reports whether all bounds hold.
func print(w io.Writer, measured map[quantity][]float64) bool {
	missed := 0
	fmt.Fprintln(w, "| Measured | Beside | Ratio or value | Bound | |")
	fmt.Fprintln(w, "|---|---|---:|---:|---|")
	for _, r := range rows {
		value, ok := r.value(measured)
		text, bound, verdict := "not measured", "", ""
		if ok {
			text = number(value)
		}
		switch {
		case r.bound == 0:
		case r.atLeast:
			bound, verdict = "≥ "+number(r.bound), pass(ok && value >= r.bound)
		default:
			bound, verdict = "≤ "+number(r.bound), pass(ok && value <= r.bound)
		}
		if verdict == pass(false) {
			missed++
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", r.what, r.beside, text, bound, verdict)
	}
	fmt.Fprintf(w, "\n%d bounds missed.\n", missed)
	return missed == 0
}

func pass(ok bool) string {
	if ok {
		return "PASS"
	}
	return "FAIL"
}

// value returns the median of the ratios of all rounds: what disturbs one for long disturbs both sides of it, and what
// does so for a moment, or lets one side alone have a lucky moment, does not make the median. Where nothing is beside, it
// returns the least of all rounds, since what the code itself does shows in every round: the longest call too.
func (r *row) value(measured map[quantity][]float64) (value float64, ok bool) {
	a, b := measured[r.a], measured[r.b]
	switch {
	case len(a) == 0:
		return 0, false
	case r.b == (quantity{}):
		return slices.Min(a), true
	case len(a) != len(b):
		return 0, false // not by turns
	}
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return median(ratios), true
}

// median returns the middle of the values, of which there is at least one.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// number formats with three digits or so.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// read returns the measurements of each quantity, one for each round, in their order.
func read(in io.Reader) (map[quantity][]float64, error) {
	measured := make(map[quantity][]float64)
	r := benchfmt.NewReader(in, "results")
	for r.Scan() {
		switch result := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, result
		case *benchfmt.Result:
			name := result.Name.String()
			if dash := strings.LastIndexByte(name, '-'); dash >= 0 {
				name = name[:dash] // the number of processors
			}
			for _, v := range result.Values {
				q := quantity{name, cmp.Or(v.OrigUnit, v.Unit)}
				value := v.Value
				if v.OrigUnit != "" {
					value = v.OrigValue
				}
				measured[q] = append(measured[q], value)
			}
		}
	}
	return measured, r.Err()
}
