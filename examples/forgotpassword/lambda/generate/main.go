// Generate is the Lambda function that sends codes.
package main

import (
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/function"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

func main() { function.Run((*web.App).Generate) }
