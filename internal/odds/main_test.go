package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

func TestThePictureIsUpToDate(t *testing.T) {
	picture, err := os.ReadFile("../../docs/images/odds.svg")
	if err != nil {
		t.Fatal(err)
	}
	if string(picture) != draw() {
		t.Error("docs/images/odds.svg is not what this program draws: make odds")
	}
}

// The table in docs/security.md has the numbers of the picture.
func TestTheTableIsUpToDate(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		row := fmt.Sprintf("| %s | %s | %s | %s |", line.name,
			show(line.policy.Odds(day)), show(line.policy.Odds(30*day)), show(line.policy.Odds(365*day)))
		if !strings.Contains(string(page), row+"\n") {
			t.Errorf("docs/security.md lacks the row\n%s", row)
		}
	}
}

// show writes odds with two digits: as a percentage from one in a thousand, below as a power of ten.
func show(odds float64) string {
	if odds >= 1e-3 {
		return fmt.Sprintf("%.2g %%", 100*odds)
	}
	power := math.Floor(math.Log10(odds))
	return fmt.Sprintf("%.1f · 10⁻%c", odds/math.Pow(10, power), []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[int(-power)])
}
