// Package activities holds the side effects of evenkeel as Temporal activities: one struct per
// outside system, each with the small interface that it needs of it. The sub-packages implement
// those interfaces and are the only importers of their client library.
//
// An adapter wraps its errors with %w and marks their class with Fail of errors.go;
// the activity method turns the class into a Temporal application error, once, with Classify.
package activities
