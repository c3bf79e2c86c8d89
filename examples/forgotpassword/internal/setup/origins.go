package setup

import (
	"fmt"
	"strings"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// TrustOrigins has the application take requests from pages of other origins: those that
// ALLOWED_ORIGINS lists, separated by commas, such as "https://app.acme.example". What stands in
// front of the application answers for CORS.
func TrustOrigins(app *web.App, getenv func(string) string) error {
	list := getenv("ALLOWED_ORIGINS")
	if list == "" {
		return nil
	}

	for origin := range strings.SplitSeq(list, ",") {
		if err := app.CrossOrigin.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("settings: ALLOWED_ORIGINS: %w", err)
		}
	}

	return nil
}
