package otpsms

import (
	"golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp"
)

// A wording says in one language what a code is for.
type wording struct {
	// sentence is the message in full.
	sentence string

	// label is the short form. It ends in the code, and has at most 18 UCS-2 units beside that and
	// the product, so that it holds a code of 8 digits beside the longest names. The code has a
	// space before it, as Android wants it: see the package comment.
	label string
}

// wordings are those of each Kind.
type wordings [otp.ConfirmTransaction + 1]wording

// brief is what a payment comes down to, in every language.
const brief = "{amount}, {payee}: {code}"

// An edition is the text of the package in one language. {code}, {product}, {amount} and {payee}
// stand for what is put in.
type edition struct {
	tag language.Tag

	// warning is added to the sentence where there is room.
	warning string

	wordings wordings
}

// editions are the languages of the package, English first: the fallback.
//
// Languages that can be written in the GSM 7-bit default alphabet are, because that gives 160
// characters instead of 70: it has à é è ì ò ù ä ö ü ñ ß, but no á í ó ú ç ê ł. So the Spanish text
// says clave, not código, and the Polish one has no accents but for the word hasło. No Portuguese
// word stands for código, and so the Portuguese text is written in UCS-2.
var editions = []edition{
	{
		tag:     language.English,
		warning: "Do not share it with anyone.",
		wordings: wordings{
			otp.General: {"{code} is your code for {product}.", "{product} code: {code}"},
			otp.SignIn: {"{code} is your code to sign in to {product}.",
				"{product} sign-in code: {code}"},
			otp.ConfirmAddress: {"{code} is your code to confirm this number for {product}.",
				"{product} number code: {code}"},
			otp.ChangeAddress: {"{code} is your code to use this new number with {product}.",
				"{product} new number code: {code}"},
			otp.ResetPassword: {"{code} is your code to reset your {product} password.",
				"{product} password code: {code}"},
			otp.ConfirmTransaction: {
				"{code} is your code to pay {amount} to {payee} with {product}.",
				"Pay {amount} to {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Arabic,
		warning: "لا تشاركه مع أي شخص.",
		wordings: wordings{
			otp.General: {"{code} هو رمز التحقق الخاص بك في {product}.", "رمز {product}: {code}"},
			otp.SignIn: {"{code} هو رمز تسجيل الدخول إلى {product}.",
				"رمز الدخول إلى {product}: {code}"},
			otp.ConfirmAddress: {"{code} هو رمز تأكيد هذا الرقم في {product}.",
				"رمز تأكيد الرقم {product}: {code}"},
			otp.ChangeAddress: {"{code} هو رمز تأكيد رقمك الجديد في {product}.",
				"رمز رقم جديد {product}: {code}"},
			otp.ResetPassword: {"{code} هو رمز إعادة تعيين كلمة المرور في {product}.",
				"رمز كلمة المرور {product}: {code}"},
			otp.ConfirmTransaction: {"{code} هو رمز تأكيد دفع {amount} إلى {payee} عبر {product}.",
				"رمز دفع {amount} إلى {payee}: {code}"},
		},
	},
	{
		tag:     language.German,
		warning: "Geben Sie ihn an niemanden weiter.",
		wordings: wordings{
			otp.General: {"{code} ist Ihr Code für {product}.", "Code {product}: {code}"},
			otp.SignIn: {"{code} ist Ihr Code zur Anmeldung bei {product}.",
				"Anmeldecode {product}: {code}"},
			otp.ConfirmAddress: {
				"{code} ist Ihr Code, um diese Nummer bei {product} zu bestätigen.",
				"Code Nummer {product}: {code}",
			},
			otp.ChangeAddress: {
				"{code} ist Ihr Code, um Ihre neue Nummer bei {product} zu bestätigen.",
				"Neue Nummer {product}: {code}",
			},
			otp.ResetPassword: {
				"{code} ist Ihr Code, um Ihr Passwort bei {product} zurückzusetzen.",
				"Passwort-Code {product}: {code}",
			},
			otp.ConfirmTransaction: {
				"{code} ist Ihr Code für die Zahlung von {amount} an {payee} mit {product}.",
				"Zahlung von {amount} an {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Spanish,
		warning: "No la comparta con nadie.",
		wordings: wordings{
			otp.General: {"{code} es su clave para {product}.", "Clave {product}: {code}"},
			otp.SignIn: {"{code} es su clave para entrar en {product}.",
				"Clave de acceso {product}: {code}"},
			otp.ConfirmAddress: {"{code} es su clave para confirmar este teléfono en {product}.",
				"Clave teléfono {product}: {code}"},
			otp.ChangeAddress: {"{code} es su clave para confirmar su nuevo teléfono en {product}.",
				"Nuevo teléfono {product}: {code}"},
			otp.ResetPassword: {"{code} es su clave para restablecer su contraseña de {product}.",
				"Contraseña {product}: {code}"},
			otp.ConfirmTransaction: {
				"{code} es su clave para pagar {amount} a {payee} con {product}.",
				"Pago de {amount} a {payee}: {code}",
			},
		},
	},
	{
		tag:     language.French,
		warning: "Ne le communiquez à personne.",
		wordings: wordings{
			otp.General: {"{code} est votre code pour {product}.", "Code {product} : {code}"},
			otp.SignIn: {"{code} est votre code pour vous connecter à {product}.",
				"Connexion à {product} : {code}"},
			otp.ConfirmAddress: {"{code} est votre code pour confirmer ce numéro sur {product}.",
				"Confirmation {product} : {code}"},
			otp.ChangeAddress: {
				"{code} est votre code pour confirmer votre nouveau numéro sur {product}.",
				"Nouveau numéro {product} : {code}",
			},
			otp.ResetPassword: {
				"{code} est votre code pour réinitialiser votre mot de passe {product}.",
				"Mot de passe {product} : {code}",
			},
			otp.ConfirmTransaction: {
				"{code} est votre code pour payer {amount} à {payee} avec {product}.",
				"Paiement de {amount} à {payee} : {code}",
			},
		},
	},
	{
		tag:     language.Hebrew,
		warning: "אין למסור אותו לאיש.",
		wordings: wordings{
			otp.General: {"{code} הוא הקוד שלך עבור {product}.", "קוד {product}: {code}"},
			otp.SignIn: {"{code} הוא הקוד שלך להתחברות אל {product}.",
				"קוד התחברות {product}: {code}"},
			otp.ConfirmAddress: {"{code} הוא הקוד שלך לאישור המספר הזה עבור {product}.",
				"קוד אישור מספר {product}: {code}"},
			otp.ChangeAddress: {"{code} הוא הקוד שלך לאישור המספר החדש עבור {product}.",
				"קוד מספר חדש {product}: {code}"},
			otp.ResetPassword: {"{code} הוא הקוד שלך לאיפוס הסיסמה עבור {product}.",
				"קוד איפוס סיסמה {product}: {code}"},
			otp.ConfirmTransaction: {
				"{code} הוא הקוד שלך לתשלום {amount} אל {payee} באמצעות {product}.",
				"תשלום {amount} אל {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Italian,
		warning: "Non condividerlo con nessuno.",
		wordings: wordings{
			otp.General: {"{code} è il tuo codice per {product}.", "Codice {product}: {code}"},
			otp.SignIn: {"{code} è il tuo codice per accedere a {product}.",
				"Codice accesso {product}: {code}"},
			otp.ConfirmAddress: {
				"{code} è il tuo codice per confermare questo numero su {product}.",
				"Codice numero {product}: {code}",
			},
			otp.ChangeAddress: {
				"{code} è il tuo codice per confermare il tuo nuovo numero su {product}.",
				"Nuovo numero {product}: {code}",
			},
			otp.ResetPassword: {"{code} è il tuo codice per reimpostare la password di {product}.",
				"Codice password {product}: {code}"},
			otp.ConfirmTransaction: {
				"{code} è il tuo codice per pagare {amount} a {payee} con {product}.",
				"Pagamento di {amount} a {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Japanese,
		warning: "誰にも教えないでください。",
		wordings: wordings{
			otp.General: {"{code} は {product} の確認コードです。", "{product} の確認コード: {code}"},
			otp.SignIn:  {"{code} は {product} のログイン用確認コードです。", "{product} のログインコード: {code}"},
			otp.ConfirmAddress: {"{code} は {product} でこの電話番号を確認するためのコードです。",
				"{product} の番号確認コード: {code}"},
			otp.ChangeAddress: {"{code} は {product} で新しい電話番号を確認するためのコードです。",
				"{product} の新番号確認コード: {code}"},
			otp.ResetPassword: {"{code} は {product} のパスワード再設定用確認コードです。",
				"{product} のパスワード再設定コード: {code}"},
			otp.ConfirmTransaction: {"{code} は {product} で {payee} に {amount} を支払うための確認コードです。",
				"{payee} への {amount} の支払い確認コード: {code}"},
		},
	},
	{
		tag:     language.Dutch,
		warning: "Deel hem met niemand.",
		wordings: wordings{
			otp.General: {"{code} is uw code voor {product}.", "Code {product}: {code}"},
			otp.SignIn: {"{code} is uw code om in te loggen bij {product}.",
				"Inlogcode {product}: {code}"},
			otp.ConfirmAddress: {"{code} is uw code om dit nummer te bevestigen bij {product}.",
				"Code nummer {product}: {code}"},
			otp.ChangeAddress: {
				"{code} is uw code om uw nieuwe nummer te bevestigen bij {product}.",
				"Nieuw nummer {product}: {code}",
			},
			otp.ResetPassword: {
				"{code} is uw code om uw wachtwoord bij {product} opnieuw in te stellen.",
				"Wachtwoordcode {product}: {code}",
			},
			otp.ConfirmTransaction: {
				"{code} is uw code om {amount} te betalen aan {payee} met {product}.",
				"Betaling van {amount} aan {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Polish,
		warning: "Nie podawaj go nikomu.",
		wordings: wordings{
			otp.General: {"{code} to kod do {product}.", "Kod {product}: {code}"},
			otp.SignIn: {"{code} to kod logowania do {product}.",
				"Kod logowania {product}: {code}"},
			otp.ConfirmAddress: {"{code} to kod potwierdzenia tego numeru w {product}.",
				"Kod numeru {product}: {code}"},
			otp.ChangeAddress: {"{code} to kod potwierdzenia nowego numeru w {product}.",
				"Nowy numer {product}: {code}"},
			otp.ResetPassword: {"{code} to kod do zmiany hasła w {product}.",
				"Zmiana hasła {product}: {code}"},
			otp.ConfirmTransaction: {
				"{code} to kod transakcji w {product}. Kwota: {amount}, odbiorca: {payee}.",
				"Kwota: {amount}, odbiorca: {payee}, kod: {code}",
			},
		},
	},
	{
		tag:     language.Portuguese,
		warning: "Não o revele a ninguém.",
		wordings: wordings{
			otp.General: {"{code} é o seu código para {product}.", "Código {product}: {code}"},
			otp.SignIn: {"{code} é o seu código para entrar em {product}.",
				"Código acesso {product}: {code}"},
			otp.ConfirmAddress: {"{code} é o seu código para confirmar este número em {product}.",
				"Código número {product}: {code}"},
			otp.ChangeAddress: {"{code} é o seu código para confirmar o novo número em {product}.",
				"Novo número {product}: {code}"},
			otp.ResetPassword: {"{code} é o seu código para redefinir a senha de {product}.",
				"Código de senha {product}: {code}"},
			otp.ConfirmTransaction: {
				"{code} é o seu código para pagar {amount} a {payee} com {product}.",
				"Pagar {amount} a {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Chinese,
		warning: "请勿告诉他人。",
		wordings: wordings{
			otp.General:        {"{code} 是您的 {product} 验证码。", "{product} 验证码: {code}"},
			otp.SignIn:         {"{code} 是您的 {product} 登录验证码。", "{product} 登录验证码: {code}"},
			otp.ConfirmAddress: {"{code} 是您在 {product} 验证此手机号的验证码。", "{product} 手机号验证码: {code}"},
			otp.ChangeAddress:  {"{code} 是您在 {product} 验证新手机号的验证码。", "{product} 新手机号验证码: {code}"},
			otp.ResetPassword:  {"{code} 是您重置 {product} 密码的验证码。", "{product} 密码重置验证码: {code}"},
			otp.ConfirmTransaction: {"{code} 是您通过 {product} 向 {payee} 支付 {amount} 的验证码。",
				"向 {payee} 支付 {amount} 的验证码: {code}"},
		},
	},
	{
		tag:     language.TraditionalChinese,
		warning: "請勿告訴他人。",
		wordings: wordings{
			otp.General:        {"{code} 是您的 {product} 驗證碼。", "{product} 驗證碼: {code}"},
			otp.SignIn:         {"{code} 是您的 {product} 登入驗證碼。", "{product} 登入驗證碼: {code}"},
			otp.ConfirmAddress: {"{code} 是您在 {product} 驗證此手機號碼的驗證碼。", "{product} 手機號碼驗證碼: {code}"},
			otp.ChangeAddress:  {"{code} 是您在 {product} 驗證新手機號碼的驗證碼。", "{product} 新手機號碼驗證碼: {code}"},
			otp.ResetPassword:  {"{code} 是您重設 {product} 密碼的驗證碼。", "{product} 密碼重設驗證碼: {code}"},
			otp.ConfirmTransaction: {"{code} 是您透過 {product} 向 {payee} 支付 {amount} 的驗證碼。",
				"向 {payee} 支付 {amount} 的驗證碼: {code}"},
		},
	},
}
