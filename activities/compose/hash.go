package compose

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// keyOrder is the order in which Compose writes a service's options out before it hashes them. It is
// fixed for good, because every label on every host was made with it; options that it does not name
// follow by name.
var keyOrder = strings.Fields(`
profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup cpu_count cpu_percent
cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs container_name
credential_spec depends_on deploy device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname entrypoint
provider environment env_file expose extends external_links extra_hosts group_add gpus hostname healthcheck image
init ipc isolation labels label_file links logging log_driver log_opt mem_limit mem_reservation memswap_limit
mem_swappiness mac_address models net network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform
ports privileged pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open
stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volume_driver
volumes volumes_from working_dir pre_start post_start pre_stop pull_refresh_after`)

// position sorts by keyOrder.
func position(key string) int {
	if i := slices.Index(keyOrder, key); i >= 0 {
		return i
	}
	return len(keyOrder)
}

// Hash returns what Compose would write into the config-hash label of a container of the service that it
// made now. ids are the ids of the containers of each service that it references, in the order of their
// names, stopped ones included; where there is none the reference stays as it is written, and the hash is
// that of no container. Errors are those of Services; a service that is not there is NotFound, one whose env_file or
// label_file cannot be used InvalidInput.
func (p *Project) Hash(ctx context.Context, service string, ids map[string][]string) (string, error) {
	_, s, err := p.resolved(ctx, service)
	if err != nil {
		return "", err
	}
	return hash(s, ids)
}

func hash(s types.ServiceConfig, ids map[string][]string) (string, error) {
	s = referring(s, ids)
	// What does not decide what a container is.
	s.Build, s.PullPolicy, s.Scale, s.DependsOn, s.Profiles = nil, "", nil, nil, nil
	if s.Deploy != nil {
		deploy := *s.Deploy
		deploy.Replicas = nil
		s.Deploy = &deploy
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("the definition of service %s cannot be written out: %w", s.Name, err)
	}
	var options map[string]json.RawMessage
	if err := json.Unmarshal(text, &options); err != nil {
		return "", fmt.Errorf("the definition of service %s cannot be written out: %w", s.Name, err)
	}
	keys := slices.SortedFunc(maps.Keys(options), func(a, b string) int {
		return cmp.Or(position(a)-position(b), strings.Compare(a, b))
	})
	var out bytes.Buffer
	for i, key := range keys {
		fmt.Fprintf(&out, "%c%q:%s", "{,"[min(i, 1)], key, options[key])
	}
	out.WriteByte('}')
	return sum(out.Bytes()), nil
}

func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}
