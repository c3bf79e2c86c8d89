package setup

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The server that newcomers run builds in a fraction of the time that the AWS SDK takes.
func TestLaptopLinksNoAWS(t *testing.T) {
	for tag, links := range map[string]bool{"laptop": false, "none": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tag, "../../server").Output()
		require.NoError(t, err)
		if links {
			require.Contains(t, string(out), "aws-sdk-go-v2")
		} else {
			require.NotContains(t, string(out), "aws-sdk-go-v2")
		}
	}
}
