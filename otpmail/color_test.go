package otpmail

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContrast(t *testing.T) {
	require.InDelta(t, 21, contrast("#000000", "#ffffff"), 0.001)
	require.InDelta(t, 1, contrast("#1a56db", "#1A56DB"), 0.001)
	require.InDelta(t, 4.54, contrast("#767676", "#ffffff"), 0.01) // the gray that is just enough
	require.InDelta(t, 5.25, contrast("#ff0000", "#000000"), 0.01)
}

// Buttons of 4,913 colors of all kinds can be read.
func TestButtonsCanBeRead(t *testing.T) {
	for r := 0; r <= 256; r += 32 {
		for g := 0; g <= 256; g += 32 {
			for b := 0; b <= 256; b += 32 {
				color := fmt.Sprintf("#%02x%02x%02x", min(r, 255), min(g, 255), min(b, 255))
				p, err := newPalette(color)
				require.NoError(t, err)

				assert.GreaterOrEqual(t, contrast(p.ink, p.fill), 4.5, color)
				assert.GreaterOrEqual(t, contrast(p.lightEdge, lightPage), 3.0, color)
				assert.GreaterOrEqual(t, contrast(p.darkEdge, darkPage), 3.0, color)
			}
		}
	}
}

// The other colors of the page, as page.html and html.go have them.
func TestTextCanBeRead(t *testing.T) {
	for _, pair := range [][2]string{
		{"#1d2129", lightPage}, {"#565d69", lightPage}, {"#101318", "#f3f5f8"},
		{"#e8eaed", darkPage}, {"#b4b9c2", darkPage}, {"#ffffff", "#2a2e37"},
	} {
		require.GreaterOrEqual(t, contrast(pair[0], pair[1]), 4.5)
		for _, color := range pair {
			require.Contains(t, pageHTML+noteHTML+codeHTML, color)
		}
	}
}

func TestBadColors(t *testing.T) {
	for _, color := range []string{
		"blue", "#fff", "#12345g", "123456", "#1234567", "#12345;", "#123456\n", "rgb(1,2,3)",
	} {
		_, err := NewCatalog(Options{Product: "Acme", Color: color})
		want := fmt.Sprintf("otpmail: Options.Color is %q: it must be #", color)
		require.ErrorContains(t, err, want)
	}
}
