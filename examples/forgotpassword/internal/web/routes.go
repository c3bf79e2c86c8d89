package web

import (
	"net/http"

	"github.com/seed-5978b5f1/otp/otphttp"
)

// Generate returns the part of the API that sends codes, for a function behind a gateway.
func (a *App) Generate() (http.Handler, error) { return a.handler((*routes).generate) }

// Reset returns the part of the API that takes codes and passwords, for a function behind a
// gateway.
func (a *App) Reset() (http.Handler, error) { return a.handler((*routes).reset) }

func (a *App) handler(register func(*routes)) (http.Handler, error) {
	flow, err := a.Flow()
	if err != nil {
		return nil, err
	}
	r, err := a.newRoutes(http.NewServeMux(), flow)
	if err != nil {
		return nil, err
	}

	register(r)
	r.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		otphttp.WriteProblem(w, &otphttp.Problem{
			Status: http.StatusNotFound, Code: "not_found", Detail: "There is nothing here.",
		})
	})
	return a.Wrap(r.mux), nil
}

// Route registers the whole API.
func (a *App) Route(mux *http.ServeMux, flow *otphttp.Flow) error {
	r, err := a.newRoutes(mux, flow)
	if err != nil {
		return err
	}
	r.generate()
	r.reset()
	return nil
}

// routes are the API on a mux.
type routes struct {
	app            *App
	mux            *http.ServeMux
	flow, original *otphttp.Flow
}

func (a *App) newRoutes(mux *http.ServeMux, flow *otphttp.Flow) (*routes, error) {
	original, err := a.originalFlow()
	return &routes{a, mux, flow, original}, err
}

func (r *routes) generate() {
	r.mux.HandleFunc("/generate-otp", r.flow.ServeSend)
	r.mux.HandleFunc("/generate-otp/{email}", r.original.ServeSend)
}

func (r *routes) reset() {
	r.mux.HandleFunc("/reset", r.flow.ServeVerify)
	r.mux.HandleFunc("/reset-password", r.original.ServeVerify)
	r.mux.HandleFunc("/status", r.flow.ServeStatus)
	r.mux.Handle("POST /login",
		http.NewCrossOriginProtection().Handler(http.HandlerFunc(r.app.login)))
}
