package otp

// Kind is what the codes of a Service are for. Messages and pages say so: people who know what they
// confirm are harder to deceive.
type Kind int

const (
	// General says nothing: the code is to be entered where it was asked for.
	General Kind = iota

	// SignIn signs a person in to an account.
	SignIn

	// ConfirmAddress shows that the address of a new account is the person's own.
	ConfirmAddress

	// ChangeAddress confirms the new address of an account that has another one.
	ChangeAddress

	// ResetPassword lets a person choose a new password.
	ResetPassword

	// ConfirmTransaction confirms a transaction, such as a payment. It requires a Binding, which
	// ties the code to what is confirmed. Messages show what that is, and are refused without it.
	ConfirmTransaction

	kinds = iota // the number of kinds
)

func (k Kind) valid() bool { return k >= 0 && k < kinds }

// String returns the name of the Kind.
func (k Kind) String() string {
	if !k.valid() {
		return "Kind(?)"
	}
	return [kinds]string{"General", "SignIn", "ConfirmAddress", "ChangeAddress", "ResetPassword",
		"ConfirmTransaction"}[k]
}
