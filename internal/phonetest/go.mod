// The oracle of otpsms.Normalize, apart from the library so that its importers never see it.
module github.com/seed-5978b5f1/otp/internal/phonetest

go 1.26.0

require (
	github.com/brianvoe/gofakeit/v7 v7.18.2
	github.com/nyaruka/phonenumbers v1.8.1
	github.com/seed-5978b5f1/otp v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.43.0 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace github.com/seed-5978b5f1/otp => ../..
