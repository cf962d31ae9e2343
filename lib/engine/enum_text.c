/* SPDX-License-Identifier: MIT */
/*
 * Texts of the engine's enums, both ways, from the X-macro lists of engine.h and segment.h. The texts are what
 * the database, the events and the command line show; a number outside the list reads as "?", never as a crash.
 */
#include <whynow/engine.h>

#define TEXT_ROW(name, text) text,

static const char *const campaign_states[] = {WN_CAMPAIGN_STATE_LIST(TEXT_ROW)};
static const char *const results[] = {WN_RESULT_LIST(TEXT_ROW)};
static const char *const lefts[] = {WN_LEFT_LIST(TEXT_ROW)};
static const char *const touch_states[] = {WN_TOUCH_STATE_LIST(TEXT_ROW)};
static const char *const non_actions[] = {WN_NON_ACTION_LIST(TEXT_ROW)};
static const char *const outcomes[] = {WN_OUTCOME_LIST(TEXT_ROW)};
static const char *const on_replies[] = {WN_ON_REPLY_LIST(TEXT_ROW)};
static const char *const modes[] = {WN_MODE_LIST(TEXT_ROW)};
static const char *const exits[] = {WN_EXIT_LIST(TEXT_ROW)};

static const char *text_of(const char *const *texts, size_t n, size_t i)
{
	return i < n ? texts[i] : "?";
}

static bool number_of(const char *const *texts, size_t n, struct wn_str s, size_t *out)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_is(s, texts[i])) {
			*out = i;
			return true;
		}
	return false;
}

const char *wn_campaign_state_to_text(enum wn_campaign_state s)
{
	return text_of(campaign_states, WN_COUNT(campaign_states), s);
}

bool wn_campaign_state_from_text(struct wn_str s, enum wn_campaign_state *out)
{
	size_t i;
	bool ok = number_of(campaign_states, WN_COUNT(campaign_states), s, &i);
	if (ok)
		*out = (enum wn_campaign_state)i;
	return ok;
}

const char *wn_result_to_text(enum wn_result r)
{
	return text_of(results, WN_COUNT(results), r);
}

bool wn_result_from_text(struct wn_str s, enum wn_result *out)
{
	size_t i;
	bool ok = number_of(results, WN_COUNT(results), s, &i);
	if (ok)
		*out = (enum wn_result)i;
	return ok;
}

const char *wn_left_to_text(enum wn_left l)
{
	return text_of(lefts, WN_COUNT(lefts), l);
}

bool wn_left_from_text(struct wn_str s, enum wn_left *out)
{
	size_t i;
	bool ok = number_of(lefts, WN_COUNT(lefts), s, &i);
	if (ok)
		*out = (enum wn_left)i;
	return ok;
}

const char *wn_touch_state_to_text(enum wn_touch_state s)
{
	return text_of(touch_states, WN_COUNT(touch_states), s);
}

bool wn_touch_state_from_text(struct wn_str s, enum wn_touch_state *out)
{
	size_t i;
	bool ok = number_of(touch_states, WN_COUNT(touch_states), s, &i);
	if (ok)
		*out = (enum wn_touch_state)i;
	return ok;
}

const char *wn_non_action_to_text(enum wn_non_action_reason r)
{
	return text_of(non_actions, WN_COUNT(non_actions), r);
}

bool wn_non_action_from_text(struct wn_str s, enum wn_non_action_reason *out)
{
	size_t i;
	bool ok = number_of(non_actions, WN_COUNT(non_actions), s, &i);
	if (ok)
		*out = (enum wn_non_action_reason)i;
	return ok;
}

const char *wn_mode_to_text(enum wn_mode m)
{
	return text_of(modes, WN_COUNT(modes), m);
}

const char *wn_exit_to_text(enum wn_exit e)
{
	return text_of(exits, WN_COUNT(exits), e);
}

const char *wn_outcome_to_text(enum wn_outcome_kind k)
{
	return text_of(outcomes, WN_COUNT(outcomes), k);
}

bool wn_outcome_from_text(struct wn_str s, enum wn_outcome_kind *out)
{
	size_t i;
	bool ok = number_of(outcomes, WN_COUNT(outcomes), s, &i);
	if (ok)
		*out = (enum wn_outcome_kind)i;
	return ok;
}

const char *wn_on_reply_to_text(enum wn_on_reply r)
{
	return text_of(on_replies, WN_COUNT(on_replies), r);
}
