package sesmail
