package otpsms

import "golang.org/x/text/language"

// A wording says in one language what a code is for.
type wording struct {
	// sentence is the message in full.
	sentence string

	// label is the shortest form. It ends in the code.
	label string
}

// An edition is the text of the package in one language. {code}, {product}, {amount} and {payee}
// stand for what is put in.
type edition struct {
	tag language.Tag

	// warning is added to the sentence where there is room.
	warning string

	wordings [kinds]wording
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
		wordings: [kinds]wording{
			General: {
				"{code} is your code for {product}.",
				"{product} code: {code}",
			},
			SignIn: {
				"{code} is your code to sign in to {product}.",
				"{product} sign-in code: {code}",
			},
			ConfirmAddress: {
				"{code} is your code to confirm this number for {product}.",
				"{product} confirmation code: {code}",
			},
			ChangeAddress: {
				"{code} is your code to use this new number with {product}.",
				"{product} new number code: {code}",
			},
			ResetPassword: {
				"{code} is your code to reset your {product} password.",
				"{product} password code: {code}",
			},
			ConfirmTransaction: {
				"{code} is your code to pay {amount} to {payee} with {product}.",
				"Pay {amount} to {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Arabic,
		warning: "لا تشاركه مع أي شخص.",
		wordings: [kinds]wording{
			General: {
				"{code} هو رمز التحقق الخاص بك في {product}.",
				"رمز {product}: {code}",
			},
			SignIn: {
				"{code} هو رمز تسجيل الدخول إلى {product}.",
				"رمز الدخول إلى {product}: {code}",
			},
			ConfirmAddress: {
				"{code} هو رمز تأكيد هذا الرقم في {product}.",
				"رمز تأكيد الرقم {product}: {code}",
			},
			ChangeAddress: {
				"{code} هو رمز تأكيد رقمك الجديد في {product}.",
				"رمز الرقم الجديد {product}: {code}",
			},
			ResetPassword: {
				"{code} هو رمز إعادة تعيين كلمة المرور في {product}.",
				"رمز كلمة المرور {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} هو رمز تأكيد دفع {amount} إلى {payee} عبر {product}.",
				"رمز دفع {amount} إلى {payee}: {code}",
			},
		},
	},
	{
		tag:     language.German,
		warning: "Geben Sie ihn an niemanden weiter.",
		wordings: [kinds]wording{
			General: {
				"{code} ist Ihr Code für {product}.",
				"Code {product}: {code}",
			},
			SignIn: {
				"{code} ist Ihr Code zur Anmeldung bei {product}.",
				"Anmeldecode {product}: {code}",
			},
			ConfirmAddress: {
				"{code} ist Ihr Code, um diese Nummer bei {product} zu bestätigen.",
				"Bestätigungscode {product}: {code}",
			},
			ChangeAddress: {
				"{code} ist Ihr Code, um Ihre neue Nummer bei {product} zu bestätigen.",
				"Code neue Nummer {product}: {code}",
			},
			ResetPassword: {
				"{code} ist Ihr Code, um Ihr Passwort bei {product} zurückzusetzen.",
				"Passwort-Code {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} ist Ihr Code für die Zahlung von {amount} an {payee} mit {product}.",
				"Zahlung von {amount} an {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Spanish,
		warning: "No la comparta con nadie.",
		wordings: [kinds]wording{
			General: {
				"{code} es su clave para {product}.",
				"Clave {product}: {code}",
			},
			SignIn: {
				"{code} es su clave para entrar en {product}.",
				"Clave de acceso {product}: {code}",
			},
			ConfirmAddress: {
				"{code} es su clave para confirmar este teléfono en {product}.",
				"Clave de teléfono {product}: {code}",
			},
			ChangeAddress: {
				"{code} es su clave para confirmar su nuevo teléfono en {product}.",
				"Nuevo teléfono {product}: {code}",
			},
			ResetPassword: {
				"{code} es su clave para restablecer su contraseña de {product}.",
				"Contraseña {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} es su clave para pagar {amount} a {payee} con {product}.",
				"Pago de {amount} a {payee}: {code}",
			},
		},
	},
	{
		tag:     language.French,
		warning: "Ne le communiquez à personne.",
		wordings: [kinds]wording{
			General: {
				"{code} est votre code pour {product}.",
				"Code {product} : {code}",
			},
			SignIn: {
				"{code} est votre code pour vous connecter à {product}.",
				"Connexion à {product} : {code}",
			},
			ConfirmAddress: {
				"{code} est votre code pour confirmer ce numéro sur {product}.",
				"Confirmation {product} : {code}",
			},
			ChangeAddress: {
				"{code} est votre code pour confirmer votre nouveau numéro sur {product}.",
				"Nouveau numéro {product} : {code}",
			},
			ResetPassword: {
				"{code} est votre code pour réinitialiser votre mot de passe {product}.",
				"Mot de passe {product} : {code}",
			},
			ConfirmTransaction: {
				"{code} est votre code pour payer {amount} à {payee} avec {product}.",
				"Paiement de {amount} à {payee} : {code}",
			},
		},
	},
	{
		tag:     language.Hebrew,
		warning: "אין למסור אותו לאיש.",
		wordings: [kinds]wording{
			General: {
				"{code} הוא הקוד שלך עבור {product}.",
				"קוד {product}: {code}",
			},
			SignIn: {
				"{code} הוא הקוד שלך להתחברות אל {product}.",
				"קוד התחברות {product}: {code}",
			},
			ConfirmAddress: {
				"{code} הוא הקוד שלך לאישור המספר הזה עבור {product}.",
				"קוד אישור מספר {product}: {code}",
			},
			ChangeAddress: {
				"{code} הוא הקוד שלך לאישור המספר החדש עבור {product}.",
				"קוד מספר חדש {product}: {code}",
			},
			ResetPassword: {
				"{code} הוא הקוד שלך לאיפוס הסיסמה עבור {product}.",
				"קוד איפוס סיסמה {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} הוא הקוד שלך לתשלום {amount} אל {payee} באמצעות {product}.",
				"תשלום {amount} אל {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Italian,
		warning: "Non condividerlo con nessuno.",
		wordings: [kinds]wording{
			General: {
				"{code} è il tuo codice per {product}.",
				"Codice {product}: {code}",
			},
			SignIn: {
				"{code} è il tuo codice per accedere a {product}.",
				"Codice di accesso {product}: {code}",
			},
			ConfirmAddress: {
				"{code} è il tuo codice per confermare questo numero su {product}.",
				"Codice di conferma {product}: {code}",
			},
			ChangeAddress: {
				"{code} è il tuo codice per confermare il tuo nuovo numero su {product}.",
				"Nuovo numero {product}: {code}",
			},
			ResetPassword: {
				"{code} è il tuo codice per reimpostare la password di {product}.",
				"Codice password {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} è il tuo codice per pagare {amount} a {payee} con {product}.",
				"Pagamento di {amount} a {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Japanese,
		warning: "誰にも教えないでください。",
		wordings: [kinds]wording{
			General: {
				"{code} は {product} の確認コードです。",
				"{product} の確認コード：{code}",
			},
			SignIn: {
				"{code} は {product} のログイン用確認コードです。",
				"{product} のログインコード：{code}",
			},
			ConfirmAddress: {
				"{code} は {product} でこの電話番号を確認するためのコードです。",
				"{product} の番号確認コード：{code}",
			},
			ChangeAddress: {
				"{code} は {product} で新しい電話番号を確認するためのコードです。",
				"{product} の新番号確認コード：{code}",
			},
			ResetPassword: {
				"{code} は {product} のパスワード再設定用確認コードです。",
				"{product} のパスワード再設定コード：{code}",
			},
			ConfirmTransaction: {
				"{code} は {product} で {payee} に {amount} を支払うための確認コードです。",
				"{payee} への {amount} の支払い確認コード：{code}",
			},
		},
	},
	{
		tag:     language.Dutch,
		warning: "Deel hem met niemand.",
		wordings: [kinds]wording{
			General: {
				"{code} is uw code voor {product}.",
				"Code {product}: {code}",
			},
			SignIn: {
				"{code} is uw code om in te loggen bij {product}.",
				"Inlogcode {product}: {code}",
			},
			ConfirmAddress: {
				"{code} is uw code om dit nummer te bevestigen bij {product}.",
				"Bevestigingscode {product}: {code}",
			},
			ChangeAddress: {
				"{code} is uw code om uw nieuwe nummer te bevestigen bij {product}.",
				"Code nieuw nummer {product}: {code}",
			},
			ResetPassword: {
				"{code} is uw code om uw wachtwoord bij {product} opnieuw in te stellen.",
				"Wachtwoordcode {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} is uw code om {amount} te betalen aan {payee} met {product}.",
				"Betaling van {amount} aan {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Polish,
		warning: "Nie podawaj go nikomu.",
		wordings: [kinds]wording{
			General: {
				"{code} to kod do {product}.",
				"Kod {product}: {code}",
			},
			SignIn: {
				"{code} to kod logowania do {product}.",
				"Kod logowania {product}: {code}",
			},
			ConfirmAddress: {
				"{code} to kod potwierdzenia tego numeru w {product}.",
				"Kod potwierdzenia {product}: {code}",
			},
			ChangeAddress: {
				"{code} to kod potwierdzenia nowego numeru w {product}.",
				"Kod nowego numeru {product}: {code}",
			},
			ResetPassword: {
				"{code} to kod do zmiany hasła w {product}.",
				"Kod zmiany hasła {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} to kod transakcji w {product}. Kwota: {amount}, odbiorca: {payee}.",
				"Kwota: {amount}, odbiorca: {payee}, kod: {code}",
			},
		},
	},
	{
		tag:     language.Portuguese,
		warning: "Não o revele a ninguém.",
		wordings: [kinds]wording{
			General: {
				"{code} é o seu código para {product}.",
				"Código {product}: {code}",
			},
			SignIn: {
				"{code} é o seu código para entrar em {product}.",
				"Código de acesso {product}: {code}",
			},
			ConfirmAddress: {
				"{code} é o seu código para confirmar este número em {product}.",
				"Código do número {product}: {code}",
			},
			ChangeAddress: {
				"{code} é o seu código para confirmar o novo número em {product}.",
				"Código novo número {product}: {code}",
			},
			ResetPassword: {
				"{code} é o seu código para redefinir a senha de {product}.",
				"Código de senha {product}: {code}",
			},
			ConfirmTransaction: {
				"{code} é o seu código para pagar {amount} a {payee} com {product}.",
				"Pagar {amount} a {payee}: {code}",
			},
		},
	},
	{
		tag:     language.Chinese,
		warning: "请勿告诉他人。",
		wordings: [kinds]wording{
			General: {
				"{code} 是您的 {product} 验证码。",
				"{product} 验证码：{code}",
			},
			SignIn: {
				"{code} 是您的 {product} 登录验证码。",
				"{product} 登录验证码：{code}",
			},
			ConfirmAddress: {
				"{code} 是您在 {product} 验证此手机号的验证码。",
				"{product} 手机号验证码：{code}",
			},
			ChangeAddress: {
				"{code} 是您在 {product} 验证新手机号的验证码。",
				"{product} 新手机号验证码：{code}",
			},
			ResetPassword: {
				"{code} 是您重置 {product} 密码的验证码。",
				"{product} 密码重置验证码：{code}",
			},
			ConfirmTransaction: {
				"{code} 是您通过 {product} 向 {payee} 支付 {amount} 的验证码。",
				"向 {payee} 支付 {amount} 的验证码：{code}",
			},
		},
	},
}
