package main

import (
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"

	"github.com/seed-5978b5f1/otp"
)

const day = 24 * time.Hour

// guess draws how likely somebody guesses a code of one address, over a year, by policy.
func guess() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "At most this likely, somebody who asks and guesses gets in as one address"
	p.X.Label.Text = "days of guessing"
	p.Y.Label.Text = "probability"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks{
		{Value: 1, Label: "1"}, {Value: 7, Label: "7"}, {Value: 30, Label: "30"},
		{Value: 90, Label: "90"}, {Value: 365, Label: "365"},
	}
	p.Y.Tick.Marker = plot.ConstantTicks{
		{Value: 1e-8, Label: "1 in 100 million"}, {Value: 1e-6, Label: "1 in a million"},
		{Value: 1e-4, Label: "1 in 10,000"},
		{Value: 1e-2, Label: "1 in 100"}, {Value: 1, Label: "1"},
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding, p.Legend.XOffs, p.Legend.YOffs = 4, 8, -6
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, 365, 1e-9, 10
	p.Add(plotter.NewGrid())

	// Without longer codes, each new code has the odds of the first: what most services have.
	everSame := otp.Policy{MaxFailures: math.MaxInt32}
	for i, c := range []struct {
		name   string
		policy otp.Policy
	}{
		{"6 digits that never get longer", everSame},
		{"6 digits, the defaults", otp.Policy{}},
		{"8 digits", otp.Policy{Length: 8}},
		{"8 letters", otp.Policy{Alphabet: otp.Letters, Length: 8}},
	} {
		line, err := plotter.NewLine(over(c.policy))
		if err != nil {
			return nil, err
		}
		line.Color, line.Dashes, line.Width = plotutil.Color(i), plotutil.Dashes(i), 2
		p.Add(line)
		p.Legend.Add(c.name, line)
	}
	return p, nil
}

// over returns the probability after each of the days of a year.
func over(policy otp.Policy) plotter.XYs {
	var points plotter.XYs
	for d := 1; d <= 365; d++ {
		probability := policy.GuessProbability(time.Duration(d) * day)
		points = append(points, plotter.XY{X: float64(d), Y: probability})
	}
	return points
}
