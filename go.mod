module github.com/seed-5978b5f1/otp

go 1.26.0
