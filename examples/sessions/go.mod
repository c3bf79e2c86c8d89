// Handlers beside chi and scs, apart from the library so that its importers never see them.
module github.com/seed-5978b5f1/otp/examples/sessions

go 1.26.0

replace (
	github.com/seed-5978b5f1/otp => ../..
	github.com/seed-5978b5f1/otp/examples/budget => ../budget
)

require (
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/go-chi/chi/v5 v5.5.0
	github.com/seed-5978b5f1/otp v0.0.0
	github.com/seed-5978b5f1/otp/examples/budget v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/go-chi/httprate v0.16.1 // indirect
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
