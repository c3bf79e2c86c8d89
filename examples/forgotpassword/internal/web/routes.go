package web

import (
	"net/http"

	"github.com/seed-5978b5f1/otp/otphttp"
)

// Generate returns the part of the API that sends codes, for a function behind a gateway.
func (a *App) Generate() (http.Handler, error) { return a.function((*App).routeGenerate) }

// Reset returns the part of the API that takes codes and passwords, for a function behind a
// gateway.
func (a *App) Reset() (http.Handler, error) { return a.function((*App).routeReset) }

func (a *App) function(
	route func(_ *App, mux *http.ServeMux, flow, original *otphttp.Flow),
) (http.Handler, error) {
	flow, err := a.Flow()
	if err != nil {
		return nil, err
	}
	original, err := a.originalFlow()
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	route(a, mux, flow, original)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		otphttp.WriteProblem(w, &otphttp.Problem{
			Status: http.StatusNotFound, Code: "not_found", Detail: "There is nothing here.",
		})
	})
	return a.Wrap(mux), nil
}

// Route registers the whole API.
func (a *App) Route(mux *http.ServeMux, flow *otphttp.Flow) error {
	original, err := a.originalFlow()
	if err != nil {
		return err
	}
	a.routeGenerate(mux, flow, original)
	a.routeReset(mux, flow, original)
	return nil
}

func (a *App) routeGenerate(mux *http.ServeMux, flow, original *otphttp.Flow) {
	mux.HandleFunc("/generate-otp", flow.ServeSend)
	mux.HandleFunc("/generate-otp/{email}", original.ServeSend)
}

func (a *App) routeReset(mux *http.ServeMux, flow, original *otphttp.Flow) {
	mux.HandleFunc("/reset", flow.ServeVerify)
	mux.HandleFunc("/reset-password", original.ServeVerify)
	mux.HandleFunc("/status", flow.ServeStatus)
	mux.Handle("POST /login",
		http.NewCrossOriginProtection().Handler(http.HandlerFunc(a.login)))
}
