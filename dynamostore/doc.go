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
// # What to know
//
//   - A record (all codes, counts and limits of one purpose, address and Trust) is one item of at
//     most 928 bytes, or 842 with the default names. Send and Verify of a live code cost 1 read
//     unit and 1 write unit, and as much again for each lost race.
//   - A global table with multi-Region eventual consistency (MREC, the default) is several tables:
//     a code could be accepted once in each region. Send and verify the codes of an address in one
//     region, or use strong consistency (MRSC).
//   - A restored backup does not know which codes were used and which guesses were counted since.
//     Change Config.Secret before using it, which voids all codes, and turn its TTL on again.
//   - DAX and other caches are of no use: a strongly consistent read passes them by.
//   - [Store.Check] says whether the table has its TTL, its key and replicas. It needs the rights
//     to dynamodb:DescribeTable and dynamodb:DescribeTimeToLive.
//
// Prices, hot keys, regions, encryption and DynamoDB Local: docs/dynamodb.md.
package dynamostore
