// Package dynamostore keeps the records of one-time codes in Amazon DynamoDB, for services of more than one process.
//
//	db := dynamodb.NewFromConfig(cfg)
//	store, err := dynamostore.New(db, "otp", nil)
//
// gives an [otp.Store] on the table "otp". Each Load is one strongly consistent GetItem, each CompareAndSwap one PutItem
// under the condition that the value is still the old one. No item is ever deleted by this package: DynamoDB's TTL
// drops what has expired, some days later, and until then an expired item is read and compared like any other. Nothing
// is decided by it.
//
// The caller makes the client and the table, and bounds the time: give each call of the Service a context with a
// deadline. The SDK tries a request up to three times, with a second or so between, and knows no time-out of its own.
//
// # The table
//
// One table serves any number of Services. It needs a partition key that is a string, and a TTL attribute.
// [CreateTable] makes it, and so do CloudFormation
//
//	OtpTable:
//	  Type: AWS::DynamoDB::Table
//	  Properties:
//	    TableName: otp
//	    BillingMode: PAY_PER_REQUEST
//	    AttributeDefinitions:
//	      - AttributeName: pk
//	        AttributeType: S
//	    KeySchema:
//	      - AttributeName: pk
//	        KeyType: HASH
//	    TimeToLiveSpecification:
//	      AttributeName: expires
//	      Enabled: true
//
// and Terraform:
//
//	resource "aws_dynamodb_table" "otp" {
//	  name         = "otp"
//	  billing_mode = "PAY_PER_REQUEST"
//	  hash_key     = "pk"
//
//	  attribute {
//	    name = "pk"
//	    type = "S"
//	  }
//
//	  ttl {
//	    attribute_name = "expires"
//	    enabled        = true
//	  }
//	}
//
// [Options] fit a Store to a table that exists, with other names, a sort key, or items of other kinds in it.
//
// The least that a role needs:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [{
//	    "Effect": "Allow",
//	    "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
//	    "Resource": "arn:aws:dynamodb:REGION:ACCOUNT:table/otp"
//	  }]
//	}
//
// # Size and cost
//
// A record (all codes, counters and limits of one purpose and address) is one item of at most 1,018 bytes, 932 with
// the default names. So
//
//   - Send, and Verify of a live code, cost 1 read unit and 1 write unit; another read and write for each lost race;
//   - Verify without a live code, and Status, cost 1 read unit; a malformed submission costs nothing.
//
// A million codes, each sent and accepted, cost 2 million read units and 2 million write units: 1.50 USD on demand in US
// East (N. Virginia) at the prices of July 2025 (0.125 USD and 0.625 USD per million). A million wrong submissions cost
// 0.75 USD, a million to addresses without a code 0.125 USD. Storage is 0.25 USD for a GB and month, about a million
// records; TTL drops them free of charge. Prices change and differ by region: look up yours.
//
// # Hot keys
//
// Keys are MACs, so addresses spread evenly over partitions. One item serves at most 3,000 read units and 1,000 write
// units a second. A flood of submissions for one address spends its attempts with the first few, and then reads only;
// past the limit DynamoDB throttles it, which makes Verify return an error that is not a rejection, and touches
// no other address for longer than DynamoDB needs to split the partition. The budgets per client that package otp leaves
// to the caller keep that from happening.
//
// # Several regions
//
// A global table with multi-Region eventual consistency (MREC, the default) is several tables: conditions are judged by
// the copy in the region, and the last writer wins. A code could be accepted once in each region, and wrong submissions
// would be counted separately. Send and verify the codes of an address in one region. After a fail-over to another, what
// was not replicated yet, a second or so, is unknown there: a code may not be found, or may be accepted once more.
//
// With multi-Region strong consistency (MRSC), any region may verify a code of any other. Reads and writes take longer,
// and simultaneous ones in two regions fail with ReplicatedWriteConflictException, which the Service meets by trying
// again. MRSC tables have no TTL: delete items whose time has passed by a job of your own, on the condition that the TTL
// attribute is still in the past.
//
// DAX and other caches are of no use: a strongly consistent read passes them by.
//
// # Encryption and backups
//
// DynamoDB encrypts every table at rest. The records hold neither codes nor addresses, and are authenticated, whatever
// key the table is encrypted under. With a customer managed KMS key, the role needs the rights on it that DynamoDB's
// documentation names.
//
// Backups and point-in-time recovery work, but a restored table has forgotten which codes were used and which guesses
// were counted since: change Config.Secret before using it, which voids all codes, and turn its TTL on again.
package dynamostore
