package slackapi

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
)

// classes are the errors of Slack's that say that nothing was done, with what to do about them. An error that is not
// here, and those by which Slack says that it is at fault itself, leave that open.
var classes = index(map[string]string{
	activities.NotFound: `channel_not_found message_not_found thread_not_found user_not_found users_not_found
		no_such_subteam subteam_not_found team_not_found view_not_found`,
	activities.PermissionDenied: `not_in_channel is_archived user_not_in_channel cannot_reply_to_message
		invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission
		not_allowed_token_type access_denied team_access_not_granted ekm_access_denied enterprise_is_restricted
		org_login_required two_factor_setup_required accesslimited restricted_action restricted_action_read_only_channel
		restricted_action_thread_only_channel restricted_action_thread_locked restricted_action_non_threadable_channel
		messages_tab_disabled cant_update_message cant_delete_message edit_window_closed compliance_exports_prevent_deletion
		plan_upgrade_required paid_only permission_denied method_deprecated deprecated_endpoint is_inactive as_user_not_supported
		slack_connect_file_link_sharing_blocked ip_not_allowlisted`,
	activities.InvalidInput: `invalid_blocks invalid_blocks_format invalid_block_type msg_too_long msg_blocks_too_long no_text too_many_attachments
		invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_form_data invalid_post_type
		missing_post_type invalid_json json_not_object unknown_method markdown_text_conflict
		invalid_metadata_format invalid_metadata_schema metadata_too_large metadata_must_be_sent_from_app
		invalid_trigger invalid_trigger_id expired_trigger_id exchanged_trigger_id trigger_expired trigger_exchanged
		view_too_large duplicate_external_id push_limit_reached invalid_cursor invalid_limit invalid_ts_latest invalid_ts_oldest
		invalid_thread_ts cant_broadcast_message`,
	activities.RateLimited: `ratelimited rate_limited message_limit_exceeded`,
})

func index(classes map[string]string) map[string]string {
	of := map[string]string{}
	for class, codes := range classes {
		for code := range strings.FieldsSeq(codes) {
			of[code] = class
		}
	}
	return of
}

var (
	// codeForm is how Slack's errors look. Anything else may be a text of ours, or the token, that comes back.
	codeForm  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	scopeForm = regexp.MustCompile(`^[a-z0-9_.:]+(,[a-z0-9_.:]+)*$`)
	pointer   = regexp.MustCompile(`\[json-pointer:((/[a-z0-9_]{1,40}){1,12})\]`)
)

// refusal is the error of an answer that does not say "ok": true. Of Slack's words it repeats the code, the scopes
// that are missing and the places in the blocks that are wrong, never a text.
func refusal(body []byte) error {
	var said struct {
		OK       *bool  `json:"ok"`
		Error    string `json:"error"`
		Needed   string `json:"needed"`
		Metadata struct {
			Messages []string `json:"messages"`
		} `json:"response_metadata"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.OK == nil {
		return errForm
	}
	if *said.OK {
		return nil
	}
	if !codeForm.MatchString(said.Error) {
		return activities.Fail(activities.Unavailable, errors.New("refused, and no reason is given"))
	}
	text := "Slack says " + said.Error
	if len(said.Needed) < 200 && scopeForm.MatchString(said.Needed) {
		text += "; the app needs the scope " + said.Needed
	}
	if at := pointer.FindStringSubmatch(strings.Join(said.Metadata.Messages, " ")); at != nil {
		text += " at " + at[1]
	}
	class, known := classes[said.Error]
	if !known {
		class = activities.Unavailable
	}
	return activities.Fail(class, errors.New(text))
}
