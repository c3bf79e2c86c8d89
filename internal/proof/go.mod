// The proofs of package otp, apart from the library so that its importers never see what they need.
module github.com/seed-5978b5f1/otp/internal/proof

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/seed-5978b5f1/otp v0.0.0
	github.com/stretchr/testify v1.12.1
	pgregory.net/rapid v1.3.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/seed-5978b5f1/otp => ../..
