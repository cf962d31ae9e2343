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

#define TO_TEXT(type, name, texts)                                                   \
	const char *wn_##name##_to_text(enum type v)                                 \
	{                                                                            \
		return text_of(texts, WN_COUNT(texts), v);                           \
	}
#define FROM_TEXT(type, name, texts)                                                 \
	bool wn_##name##_from_text(struct wn_str s, enum type *out)                  \
	{                                                                            \
		size_t i;                                                            \
		bool ok = number_of(texts, WN_COUNT(texts), s, &i);                  \
		if (ok)                                                              \
			*out = (enum type)i;                                         \
		return ok;                                                           \
	}
#define BOTH(type, name, texts) TO_TEXT(type, name, texts) FROM_TEXT(type, name, texts)

BOTH(wn_campaign_state, campaign_state, campaign_states)
BOTH(wn_result, result, results)
BOTH(wn_left, left, lefts)
BOTH(wn_touch_state, touch_state, touch_states)
BOTH(wn_non_action_reason, non_action, non_actions)
BOTH(wn_outcome_kind, outcome, outcomes)
TO_TEXT(wn_mode, mode, modes)
TO_TEXT(wn_exit, exit, exits)
TO_TEXT(wn_on_reply, on_reply, on_replies)
