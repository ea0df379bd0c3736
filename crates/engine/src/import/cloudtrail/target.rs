//! What a CloudTrail event acted on.
//!
//! Kinds are the names of AWS CloudFormation's resource types, which CloudTrail's own `resources` use.

use domain::audit::event::ID_LEN_MAX;
use evidence::entry::Target;
use serde_json::{Map, Value};

use super::super::fit;
use super::super::value::{text, text_at};

/// Request parameters that name what is acted on: service (none: any), JSON pointer, kind. The first that the
/// event has wins, so what is made or changed stands before what it is made in.
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("", "/bucketName", "AWS::S3::Bucket"),
    ("s3.", "/bucket", "AWS::S3::Bucket"),
    ("", "/userName", "AWS::IAM::User"),
    ("", "/roleName", "AWS::IAM::Role"),
    ("sts.", "/roleArn", "AWS::IAM::Role"),
    ("iam.", "/groupName", "AWS::IAM::Group"),
    ("iam.", "/instanceProfileName", "AWS::IAM::InstanceProfile"),
    ("iam.", "/policyArn", "AWS::IAM::ManagedPolicy"),
    ("iam.", "/policyName", "AWS::IAM::ManagedPolicy"),
    ("iam.", "/accessKeyId", "AWS::IAM::AccessKey"),
    ("", "/instanceId", "AWS::EC2::Instance"),
    ("ec2.", "/instancesSet/items/0/instanceId", "AWS::EC2::Instance"),
    ("", "/keyId", "AWS::KMS::Key"),
    ("", "/functionName", "AWS::Lambda::Function"),
    ("", "/tableName", "AWS::DynamoDB::Table"),
    ("", "/secretId", "AWS::SecretsManager::Secret"),
    ("secretsmanager.", "/name", "AWS::SecretsManager::Secret"),
    ("", "/trailName", "AWS::CloudTrail::Trail"),
    ("cloudtrail.", "/name", "AWS::CloudTrail::Trail"),
    ("ssm.", "/name", "AWS::SSM::Parameter"),
    ("ssm.", "/documentName", "AWS::SSM::Document"),
    ("ec2.", "/groupId", "AWS::EC2::SecurityGroup"),
    ("ec2.", "/groupName", "AWS::EC2::SecurityGroup"),
    ("ec2.", "/keyName", "AWS::EC2::KeyPair"),
    ("ec2.", "/natGatewayId", "AWS::EC2::NatGateway"),
    ("ec2.", "/internetGatewayId", "AWS::EC2::InternetGateway"),
    ("ec2.", "/routeTableId", "AWS::EC2::RouteTable"),
    ("ec2.", "/subnetId", "AWS::EC2::Subnet"),
    ("ec2.", "/volumeId", "AWS::EC2::Volume"),
    ("ec2.", "/snapshotId", "AWS::EC2::Snapshot"),
    ("ec2.", "/imageId", "AWS::EC2::Image"),
    ("ec2.", "/allocationId", "AWS::EC2::EIP"),
    ("ec2.", "/vpcId", "AWS::EC2::VPC"),
    ("rds.", "/dBInstanceIdentifier", "AWS::RDS::DBInstance"),
    ("logs.", "/logGroupName", "AWS::Logs::LogGroup"),
    ("cloudformation.", "/stackName", "AWS::CloudFormation::Stack"),
    ("eks.", "/name", "AWS::EKS::Cluster"),
    ("ecr.", "/repositoryName", "AWS::ECR::Repository"),
    ("sns.", "/topicArn", "AWS::SNS::Topic"),
    ("sqs.", "/queueUrl", "AWS::SQS::Queue"),
    ("kinesis.", "/streamName", "AWS::Kinesis::Stream"),
    ("", "/resourceArn", ""),
    ("", "/resourceARN", ""),
    ("", "/resourceId", ""),
    ("", "/name", ""),
];

/// The first resource that has an ARN, or else what the request's parameters name, or else nothing.
pub(super) fn target(source: &str, members: &Map<String, Value>) -> Option<Target> {
    of_resources(members).or_else(|| of_parameters(source, members.get("requestParameters")?))
}

fn of_resources(members: &Map<String, Value>) -> Option<Target> {
    members.get("resources")?.as_array()?.iter().find_map(|resource| {
        let resource = resource.as_object()?;
        // The user guide writes `ARN`; some services send `arn`.
        let arn = text(resource, "ARN").or_else(|| text(resource, "arn"))?;
        // arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
        let service = || arn.split(':').nth(2).filter(|service| !service.is_empty());
        let kind = text(resource, "type").or_else(service).unwrap_or("resource");
        Some(new(kind, arn))
    })
}

fn of_parameters(source: &str, parameters: &Value) -> Option<Target> {
    PARAMETERS.iter().find_map(|(service, pointer, kind)| {
        let id = source
            .starts_with(service)
            .then(|| text_at(parameters, pointer))??;
        let kind = if kind.is_empty() {
            source.split('.').next().unwrap_or("resource")
        } else {
            kind
        };
        Some(new(kind, id))
    })
}

fn new(kind: &str, id: &str) -> Target {
    let kind = if kind.is_empty() {
        "resource".to_owned()
    } else {
        fit::kind(kind)
    };
    Target {
        kind,
        id: Some(fit::cut(id, ID_LEN_MAX).to_owned()),
    }
}
