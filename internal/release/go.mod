// Prepares releases. Apart from the library so that its importers never see what it needs; never
// tagged.
module github.com/seed-5978b5f1/otp/internal/release

go 1.26.0

require (
	github.com/stretchr/testify v1.12.1
	golang.org/x/mod v0.42.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
