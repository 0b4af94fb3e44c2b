// Package slackfake is a Slack workspace in memory, for tests and demonstrations: the part of the Web API that evenkeel
// uses, Socket Mode, signed requests with presses, forms and slash commands, and a page on which a person sees the
// channels and presses the buttons. It refuses what Slack refuses, and fails on request as networks do.
//
// It is a model, made from Slack's documentation. These are guesses: lengths are counted in code points; a message that
// answers a deleted one lands in the channel itself; a press that nobody acknowledges does not come again; a disabled
// group still tells its users; cursors hold for any size of page. Not modelled: limits of rate other than injected
// ones, what is sent to a response_url, threads that are shown in the channel as well, and what a deleted message with
// answers leaves behind.
//
// It listens on loopback only and answers only requests that name it so.
package slackfake
