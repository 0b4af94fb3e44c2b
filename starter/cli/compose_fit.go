package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/evenkeel/evenkeel/activities/compose"
)

// howRun finds how a project is run: by Compose's own rules in its directory, else with the files and env
// files of its newest container, whatever fits more of its containers. A directory that a person named stays. unfit are the services that do not.
func howRun(ctx context.Context, c chosen) (way compose.Options, unfit []string, err error) {
	way = compose.Options{Name: c.name, Directory: c.directory, Several: c.several}
	unfit, err = compose.New(way).Unfit(ctx, c.seen.seen())
	if err == nil && len(unfit) == 0 || len(c.seen.containers) == 0 {
		return way, unfit, err
	}
	found, failed := compose.Discover(ctx, c.seen.seen(), c.several)
	if failed == nil && (!c.named || sameFolder(found.Options.Directory, c.directory)) && (err != nil || len(found.Unfit) < len(unfit)) {
		way, unfit, err = found.Options, found.Unfit, nil
	}
	if err == nil && len(unfit) > 0 {
		way, unfit = byWord(ctx, c, way, unfit)
	}
	return way, unfit, err
}

// byWord prefers the files that the newest container says it was made with, where they fit no worse: what is
// edited fits no way, and its own files are then the best guess.
func byWord(ctx context.Context, c chosen, way compose.Options, unfit []string) (compose.Options, []string) {
	newest := slices.MaxFunc(c.seen.containers, func(a, b container) int { return cmp.Compare(a.Created, b.Created) })
	word := compose.Options{
		Name: way.Name, Several: way.Several, Directory: newest.Labels[labelDir],
		Files: listed(newest.Labels[labelFiles]), EnvFiles: listed(newest.Labels[labelEnvFiles]),
	}
	if c.named && !sameFolder(word.Directory, c.directory) {
		return way, unfit
	}
	if word.Directory == "" || len(word.Files) == 0 || slices.Equal(word.Files, filesOf(ctx, way)) && len(word.EnvFiles) == 0 {
		return way, unfit
	}
	if worse, err := compose.New(word).Unfit(ctx, c.seen.seen()); err == nil && len(worse) <= len(unfit) {
		return word, worse
	}
	return way, unfit
}

// filesOf are the files that make a project.
func filesOf(ctx context.Context, way compose.Options) []string {
	sources, err := compose.New(way).Sources(ctx)
	if err != nil {
		return nil
	}
	var files []string
	for _, s := range sources {
		if s.Kind == "file" {
			files = append(files, s.Value)
		}
	}
	return files
}
