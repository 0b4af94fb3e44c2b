// Package slackapi speaks to Slack's Web API. It is the only importer of slack-go, whose client would retry and sleep
// by itself: here every call is one attempt, and when to try again is the workflow's business. What Slack sends to us comes
// over a Socket, as it is; what it means is not known here.
//
// Package slackfake beside it is a workspace to test against.
package slackapi
