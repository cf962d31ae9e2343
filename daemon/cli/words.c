/* SPDX-License-Identifier: MIT */
/* Reasons as people read them. The words stored are for programs; each table here has a sentence for every one
 * of them. */
#include "parts.h"

struct word {
	const char *reason, *sentence;
};

static const struct word non_actions[] = {
    {"unknown", "the rule cannot be decided, a value is missing"},
    {"cooldown", "was in this segment not long ago; the cooldown is not over"},
    {"audience_full", "the campaign has as many members as it may have"},
    {"audience_below_min", "too few accounts qualify to open a campaign"},
    {"no_contact", "qualifies, but nobody there fits `who`; looked at again when contacts change"},
    {"stale_on_arrival", "the signal was too old when it came: heat is under the floor"},
    {"already_ran", "this signal has opened a campaign of the segment before"},
    {"proposed", "a proposed campaign waits for approval"},
    {"spent_signal", "the signal was evidence of an earlier membership and counts once"},
    {"excluded", "kept out of every campaign by `exclude` of the main file"},
    {"suppressed", "the account or contact must not be contacted"},
    {"unknown_group", "a value that groups campaigns (group_by) is missing"},
    {"merged", "the account was merged into another one"},
    {"shadow", "the segment runs in shadow: it would have acted"},
};

static const struct word touches[] = {
    {"window", "outside the send window"},
    {"cap_contact", "the contact has had as many touches as one may get"},
    {"cap_account", "the account has had as many touches as one may get"},
    {"cap_email", "the contact has had mail too recently"},
    {"no_address", "the contact has no address; an import may bring one"},
    {"no_sink", "no sink takes this channel"},
    {"sink_off", "its sink is switched off"},
    {"provisional", "only the name of the company is known; held until its domain is"},
    {"blind", "the feeds that brought the evidence are down"},
    {"paused", "paused by an operator"},
    {"colleague_replied", "a colleague has replied; an operator resumes it"},
    {"if", "the step's condition is not met"},
    {"if_unknown", "the step's condition cannot be decided, a value is missing"},
    {"template_failed", "the text cannot be rendered"},
    {"no_variant", "no variant fits"},
    {"holdout", "held out to measure what campaigns change"},
    {"valid_until", "its time is over"},
    {"member_ending", "the member is about to leave"},
    {"suppressed", "must not be contacted"},
    {"stale", "the evidence went stale"},
    {"boxed", "the time box is over"},
    {"converted", "the goal is reached"},
    {"opted_out", "opted out"},
    {"cancelled", "the campaign was cancelled"},
    {"no_longer_fits", "the account does not fit the segment any more"},
    {"retracted", "the evidence was retracted"},
    {"merged", "the account was merged into another one"},
    {"no_first_touch", "no first touch in time"},
    {"departed", "the contact has left the company"},
    {"erased", "the person was erased"},
    {"replied_stop", "the contact replied"},
};

static const struct word lefts[] = {
    {"stale", "went stale: heat fell under the floor"},
    {"boxed", "its time box ended"},
    {"converted", "converted: the goal was reached"},
    {"replied_stop", "replied, and the sequence stopped"},
    {"opted_out", "opted out"},
    {"suppressed", "was suppressed"},
    {"departed", "the contact has left the company"},
    {"no_longer_fits", "does not fit the segment any more"},
    {"retracted", "its evidence was retracted"},
    {"merged", "the account was merged into another one"},
    {"no_first_touch", "no touch went out in time to be worth it"},
    {"cancelled", "the campaign was cancelled"},
    {"erased", "the person was erased"},
};

static const char *look(const struct word *words, size_t n, const char *reason)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].reason, reason) == 0)
			return words[i].sentence;
	return reason;
}

const char *words_non_action(const char *reason)
{
	return look(non_actions, WN_COUNT(non_actions), reason);
}
const char *words_touch(const char *reason)
{
	return look(touches, WN_COUNT(touches), reason);
}
const char *words_left(const char *reason)
{
	return look(lefts, WN_COUNT(lefts), reason);
}
