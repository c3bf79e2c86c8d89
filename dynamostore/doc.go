// Package dynamostore keeps the records of one-time codes in Amazon DynamoDB, for services of more
// than one process.
//
//	db := dynamodb.NewFromConfig(cfg)
//	store, err := dynamostore.New(db, "otp", nil)
//
// makes an [otp.Store] on the table "otp". Each Load is one strongly consistent GetItem. Each
// CompareAndSwap is one PutItem under the condition that the value is still the old one. The
// package never deletes an item: DynamoDB drops expired items by their TTL, some days later. Until
// then an expired item is read and compared like any other. No rule depends on when it is dropped.
//
// The caller makes the client and the table. A Service gives each operation 10 seconds for the
// store, whatever the context of the caller says. The SDK tries a request up to three times within
// them, with pauses of up to a second or so.
//
// # The table
//
// One table serves any number of Services. It needs a partition key that is a string, and a TTL
// attribute. [CreateTable] makes it, and so do CloudFormation
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
// The role needs no more than
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
// # A table with other items
//
// [Options] fit a Store to a table with other names, a sort key, or items of other kinds. A table
// for everything, with the partition key PK and the sort key SK, takes
//
//	&dynamostore.Options{
//		PartitionKey: "PK", SortKey: "SK", SortValue: "otp", TTLAttribute: "ttl", KeyPrefix: "OTP#",
//	}
//
// The TTL attribute must be the one that the table has turned on: a table has only one. With a
// KeyPrefix, IAM keeps the codes from the other users of the table, and the other items from the
// Service, by a condition on the partition key. In the statement above:
//
//	"Condition": {
//	  "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["OTP#*"] }
//	}
//
// # Time
//
// An item expires at a whole second, rounded up, so never early. TTL is a number of any size: it
// has no year 2038.
//
// # DynamoDB Local
//
// A client of config.LoadDefaultConfig logs "failed to close HTTP response body" with "response did
// not match expected checksum" for each refused swap on DynamoDB Local. The warning is harmless:
// replies that are errors come without a checksum there, and the SDK takes that for the checksum 0.
// Turn it off for the local client with
//
//	func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true }
//
// # Size and cost
//
// A record (all codes, counts and limits of one purpose, address and Trust) is one item of at most
// 928 bytes, or 842 with the default names. So
//
//   - Send, and Verify of a live code, cost 1 read unit and 1 write unit, and as much again for
//     each lost race;
//   - Verify without a live code, and Status, cost 1 read unit;
//   - Revoke, RevokeAll and Unlock cost 3 read units, and 1 write unit for each record that
//     changes;
//   - a malformed submission costs nothing.
//
// A million codes, each sent and accepted, cost 2 million read units and 2 million write units:
// 1.50 USD on demand in US East (N. Virginia) at the prices of July 2025 (0.125 USD and 0.625 USD
// per million). A million wrong submissions cost 0.75 USD, a million to addresses without a code
// 0.125 USD. Storage costs 0.25 USD for a GB and month, which is more than a million records; TTL
// drops them free of charge. Prices change and differ by region.
//
// # Hot keys
//
// Keys are MACs, so addresses spread evenly over partitions. One item serves at most 3,000 read
// units and 1,000 write units a second. A flood of submissions for one address spends its attempts
// with the first few, and then only reads. Past the limit DynamoDB throttles it. Verify then
// returns an error that is not a rejection. Other addresses are affected until DynamoDB has split
// the partition. Limits for each client, which package otp leaves to the caller, keep that from
// happening.
//
// # Several regions
//
// A global table with multi-Region eventual consistency (MREC, the default) is several tables: each
// region judges conditions by its own copy, and the last writer wins. A code could be accepted once
// in each region, and wrong submissions would be counted separately. Send and verify the codes of
// an address in one region. After a fail-over to another region, the writes of about the last
// second are unknown there: a code may not be found, or may be accepted once more.
//
// With multi-Region strong consistency (MRSC), any region may verify a code of any other. Reads and
// writes take longer. Simultaneous writes in two regions fail with
// ReplicatedWriteConflictException; the Service tries again. MRSC tables have no TTL: delete
// expired items by a job of your own, on the condition that the TTL attribute is still in the past.
//
// [Store.Check] says whether the table has its TTL, its key and replicas. It needs the rights to
// dynamodb:DescribeTable and dynamodb:DescribeTimeToLive.
//
// DAX and other caches are of no use: a strongly consistent read passes them by.
//
// # Encryption and backups
//
// DynamoDB encrypts every table at rest. The records hold neither codes nor addresses, and are
// authenticated, whatever key the table is encrypted under. With a customer managed KMS key, the
// role needs the rights on it that the documentation of DynamoDB names.
//
// Backups and point-in-time recovery work, but a restored table does not know which codes were used
// and which guesses were counted since. Change Config.Secret before using it, which voids all
// codes, and turn its TTL on again.
package dynamostore
