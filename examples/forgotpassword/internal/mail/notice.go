// Package mail tells people that their password was changed, and holds the mailbox that development uses instead of
// SES.
package mail

import (
	"context"
	"fmt"
	"net/mail"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/seed-5978b5f1/otp/sesmail"
)

const (
	noticeSubject = "Your password was changed"
	noticeText    = `The password of your account was changed just now, with a code that was sent to this address.

If it was you, there is nothing to do.

If it was not you, somebody else can read your mail. Change the password of your mailbox first. Then ask for a code and set a new password here.
`
)

// Notice returns a function that sends the notice of a new password by SES. It holds no code and no link.
func Notice(client sesmail.API, from string) (func(ctx context.Context, email string) error, error) {
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender: %w", err)
	}
	content := &types.EmailContent{Simple: &types.Message{
		Subject: &types.Content{Data: aws.String(noticeSubject), Charset: aws.String("UTF-8")},
		Body:    &types.Body{Text: &types.Content{Data: aws.String(noticeText), Charset: aws.String("UTF-8")}},
		Headers: []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}},
	}}
	return func(ctx context.Context, email string) error {
		_, err := client.SendEmail(ctx, &sesv2.SendEmailInput{
			FromEmailAddress: aws.String(sender.String()),
			Destination:      &types.Destination{ToAddresses: []string{email}},
			Content:          content,
		})
		if err != nil {
			return fmt.Errorf("mail: notice of a new password: %w", err)
		}
		return nil
	}, nil
}
