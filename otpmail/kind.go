package otpmail

// Kind is what a code is for. It decides what the mail says.
type Kind int

const (
	// Neutral says to enter the code where it was asked for. Purposes without a kind get it.
	Neutral Kind = iota
	// SignIn is for signing in to an account.
	SignIn
	// ConfirmAddress is for confirming the address of a new account.
	ConfirmAddress
	// ChangeAddress is for confirming the new address of an account that has another one.
	ChangeAddress
	// ResetPassword is for choosing a new password.
	ResetPassword
	// ConfirmTransaction is for confirming a transaction, such as a payment. Its mail shows what is
	// confirmed: a message whose Data has no lines (see [Transaction]) is refused.
	ConfirmTransaction

	kinds int = iota // how many there are
)

// names of the kinds in the files of the languages, by Kind.
var kindNames = [kinds]string{
	"neutral", "sign_in", "confirm_address", "change_address", "reset_password",
	"confirm_transaction",
}

// known reports whether k is one of the kinds above.
func (k Kind) known() bool { return k >= 0 && int(k) < kinds }
