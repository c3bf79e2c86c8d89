// Command mutation makes the mutants of a package that gremlins has found, and runs the tests of the package with each.
// Run it in the folder of the package with the report of gremlins' dry run; it prints the survivors and the share of
// mutants that were killed.
//
// Gremlins 0.6.0 only finds the mutants: it takes the conditions of cases and constants for code that no test runs,
// since they are in no coverage profile, and its option --test-cpu makes every run of the tests fail.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// operators are gremlins' own, by the name in the report.
var operators = map[string]map[string]string{
	"CONDITIONALS_BOUNDARY": {"<=": "<", ">=": ">", "<": "<=", ">": ">="},
	"CONDITIONALS_NEGATION": {"==": "!=", "!=": "==", "<=": ">", ">=": "<", "<": ">=", ">": "<="},
	"ARITHMETIC_BASE":       {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"},
	"INVERT_LOGICAL":        {"&&": "||", "||": "&&"},
	"INVERT_NEGATIVES":      {"-": "+"},
	"INCREMENT_DECREMENT":   {"++": "--", "--": "++"},
	"INVERT_LOOPCTRL":       {"break": "continue", "continue": "break"},
}

type report struct {
	Files []struct {
		Name      string `json:"file_name"`
		Mutations []struct {
			Line, Column int
			Type         string
		}
	}
}

func main() {
	log.SetFlags(0)
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		log.Fatal(err)
	}
	var mu sync.Mutex
	counts := map[string]int{}
	var all sync.WaitGroup
	free := make(chan struct{}, 2) // as many run at a time
	for _, f := range r.Files {
		source, err := os.ReadFile(f.Name)
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range f.Mutations {
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				status := run(f.Name, string(source), m.Type, m.Line, m.Column)
				mu.Lock()
				defer mu.Unlock()
				counts[status]++
				if status == "LIVED" || status == "SKIPPED" {
					fmt.Printf("%s %s:%d:%d %s\n", status, f.Name, m.Line, m.Column, m.Type)
				}
			})
		}
	}
	all.Wait()
	dead := counts["KILLED"] + counts["TIMED OUT"]
	fmt.Printf("%v: %d of %d mutants that compile are killed, %.1f %%\n", counts, dead, dead+counts["LIVED"],
		100*float64(dead)/float64(dead+counts["LIVED"]))
}

// run returns what becomes of one mutant.
func run(file, source, kind string, line, column int) (status string) {
	lines := strings.SplitAfter(source, "\n")
	at := lines[line-1][column-1:]
	mutated := ""
	for _, width := range []int{8, 5, 2, 1} {
		if by, found := operators[kind][at[:min(width, len(at))]]; found && mutated == "" {
			lines[line-1] = lines[line-1][:column-1] + by + at[width:]
			mutated = strings.Join(lines, "")
		}
	}
	if mutated == "" {
		return "SKIPPED"
	}
	folder, err := os.MkdirTemp("", "mutant")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	original, err := filepath.Abs(file)
	if err != nil {
		log.Fatal(err)
	}
	mutant, overlay := filepath.Join(folder, "mutant.go"), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: mutant}})
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range map[string][]byte{mutant: []byte(mutated), overlay: replace} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			log.Fatal(err)
		}
	}
	out, err := exec.Command("go", "test", "-vet=off", "-failfast", "-timeout=20s", "-overlay", overlay, ".").CombinedOutput()
	switch {
	case err == nil:
		return "LIVED"
	case strings.Contains(string(out), "[build failed]"):
		return "NOT VIABLE"
	case strings.Contains(string(out), "panic: test timed out"):
		return "TIMED OUT"
	}
	return "KILLED"
}
