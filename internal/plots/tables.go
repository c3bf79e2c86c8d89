package main

import (
	"fmt"
	"image/color"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

var (
	blue = color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	gray = color.RGBA{R: 0xc4, G: 0xc9, B: 0xd1, A: 0xff}
)

// rows returns the cells of the table that follows the heading row, without markup.
func rows(page, heading string) ([][]string, error) {
	_, table, found := strings.Cut(page, heading)
	if !found {
		return nil, fmt.Errorf("no table %q", heading)
	}

	var all [][]string
	for _, line := range strings.Split(table, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "| "), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(strings.NewReplacer("*", "", "`", "").Replace(cells[i]))
		}
		all = append(all, cells)
	}
	return all, nil
}

// siege draws how often a person gets in while a stranger asks and guesses for thirty days.
func siege(page string) (*plot.Plot, error) {
	table, err := rows(page, "| The person is | The stranger |")
	if err != nil {
		return nil, err
	}

	var asks, in plotter.Values
	var names []string
	person := ""
	for _, cells := range table {
		if cells[0] != "the same" {
			person = cells[0]
		}
		requests, err := strconv.ParseFloat(cells[3], 64)
		if err != nil {
			return nil, err
		}
		got, err := strconv.ParseFloat(cells[4], 64)
		if err != nil {
			return nil, err
		}
		asks, in = append(asks, requests), append(in, got)
		wrap := strings.NewReplacer(", and", ",\nand", "a challenge", "a\nchallenge")
		names = append(names, wrap.Replace(person)+"\n("+cells[1]+")")
	}

	p := plot.New()
	p.Title.Text = "Thirty days under siege: how often a person gets in"
	p.X.Label.Text = "times, asking every three hours (the stranger in brackets)"
	for i, bars := range []struct {
		values plotter.Values
		color  color.Color
		name   string
	}{{asks, gray, "asks"}, {in, blue, "gets in"}} {
		chart, err := plotter.NewBarChart(bars.values, 14)
		if err != nil {
			return nil, err
		}
		chart.Horizontal, chart.Color, chart.LineStyle.Width = true, bars.color, 0
		chart.Offset = vg.Length(7 - 14*i)
		p.Add(chart)
		p.Legend.Add(bars.name, chart)
	}
	p.NominalY(names...)
	p.X.Max, p.Legend.Top, p.Legend.Padding = 310, true, 4
	return p, nil
}

// figure is a figure of the table of times: "0.4 to 0.7 ms", "5.7 µs".
var figure = regexp.MustCompile(`^([\d.]+)(?: to ([\d.]+))? (µs|ms)`)

// cost draws what the life of a code takes on each store.
func cost(page string) (*plot.Plot, error) {
	table, err := rows(page, "| The life of a code: Send, Verify | Takes |")
	if err != nil {
		return nil, err
	}

	p := plot.New()
	p.Title.Text = "What a code costs: Send and Verify, without MinSendTime and mail"
	p.X.Label.Text = "milliseconds"
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks{
		{Value: 0.001, Label: "0.001"}, {Value: 0.01, Label: "0.01"}, {Value: 0.1, Label: "0.1"},
		{Value: 1, Label: "1"}, {Value: 10, Label: "10"},
	}
	p.X.Min, p.X.Max = 0.001, 10
	p.Add(plotter.NewGrid())

	var names []string
	for i, cells := range table {
		m := figure.FindStringSubmatch(cells[1])
		if m == nil {
			return nil, fmt.Errorf("no figure: %q", cells[1])
		}
		low, _ := strconv.ParseFloat(m[1], 64)
		high := low
		if m[2] != "" {
			high, _ = strconv.ParseFloat(m[2], 64)
		}
		if m[3] == "µs" {
			low, high = low/1000, high/1000
		}

		y := float64(i)
		line, err := plotter.NewLine(plotter.XYs{{X: low / 1.03, Y: y}, {X: high * 1.03, Y: y}})
		if err != nil {
			return nil, err
		}
		line.Width, line.Color = 10, blue
		p.Add(line)
		names = append(names, strings.ReplaceAll(cells[0], ", ", ",\n"))
	}
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.5, math.Max(0, float64(len(names)))-0.5
	return p, nil
}
