// Odds draws docs/images/odds.svg: what Policy.Odds gives for some policies.
//
//	go run ./internal/odds >docs/images/odds.svg
package main

import (
	"fmt"
	"log"
	"math"
	"os"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

func main() {
	if _, err := os.Stdout.WriteString(draw()); err != nil {
		log.Fatal(err)
	}
}

const day = 24 * time.Hour

// The policies, from the worst to the best, each with the colour of its line.
var lines = []struct {
	name, colour string
	policy       otp.Policy
}{
	{"6 digits, one a minute, no limit by the day", "#c0392b", otp.Policy{SendLimits: []otp.Limit{{Count: 1, Window: time.Minute}}}},
	{"6 digits, the defaults", "#1f5fbf", otp.Policy{}},
	{"6 digits, 3 attempts, 3 a day", "#3a8f5c", otp.Policy{MaxAttempts: 3, SendLimits: []otp.Limit{{Count: 1, Window: time.Minute}, {Count: 3, Window: day}}}},
	{"8 digits", "#8e5ea2", otp.Policy{Length: 8}},
	{"8 letters", "#7f6a3a", otp.Policy{Alphabet: otp.Letters, Length: 8}},
}

// The plot: both axes are logarithmic.
const (
	width, height            = 860, 460
	left, right, top, bottom = 76, 560, 46, 396 // of the area with the lines
	firstDay, lastDay        = 1.0, 365.0
	most, least              = 0.0, -9.0 // powers of ten
)

func x(days float64) float64 {
	return left + (right-left)*math.Log(days/firstDay)/math.Log(lastDay/firstDay)
}
func y(odds float64) float64 { return top + (bottom-top)*(most-math.Log10(odds))/(most-least) }

// draw returns the picture as SVG.
func draw() string {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	text := func(x, y float64, anchor, colour, s string) {
		put(`<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`, x, y, anchor, colour, s)
	}
	put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="14">`, width, height)
	put(`<title>Odds of guessing a code of one address, by time</title>`)
	put(`<rect width="100%%" height="100%%" fill="#ffffff"/>`)
	text(left, 26, "start", "#222222", "Odds that an attacker who never stops guesses a code of one address")

	for power := most; power >= least; power-- {
		at := y(math.Pow(10, power))
		put(`<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`, left, at, right, at)
		label := fmt.Sprintf(`10<tspan dy="-5" font-size="10">%.0f</tspan>`, power)
		if power == 0 {
			label = "1"
		}
		text(left-8, at+5, "end", "#444444", label)
	}
	for _, mark := range []struct {
		days float64
		name string
	}{{1, "1 day"}, {7, "1 week"}, {30, "30 days"}, {90, "90 days"}, {365, "1 year"}} {
		at := x(mark.days)
		put(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/>`, at, top, at, bottom)
		text(at, bottom+22, "middle", "#444444", mark.name)
	}

	for _, line := range lines {
		const steps = 120
		var points []string
		var last float64
		for i := range steps + 1 {
			days := firstDay * math.Pow(lastDay/firstDay, float64(i)/steps)
			last = line.policy.Odds(time.Duration(days * float64(day)))
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(days), y(last)))
		}
		put(`<polyline fill="none" stroke="%s" stroke-width="2.5" points="%s"/>`, line.colour, strings.Join(points, " "))
		text(right+10, y(last)+5, "start", line.colour, line.name)
	}

	ceiling := y(100 / 1e6)
	put(`<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#222222" stroke-dasharray="6 5"/>`, left, ceiling, right, ceiling)
	text(right+10, ceiling+24, "start", "#222222", "- - - 6 digits end here where there")
	text(right+10, ceiling+41, "start", "#222222", "is no success between 100 failures")
	put(`</svg>`)
	return b.String()
}
