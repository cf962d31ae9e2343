/* SPDX-License-Identifier: MIT */
/* What the files of the step function share with each other and with nobody else. */
#ifndef WN_ENGINE_INTERNAL_H
#define WN_ENGINE_INTERNAL_H

#include <whynow/engine.h>
#include <whynow/failpoint.h>

/* event.c: the next gen of the campaign, one history row, one event for the sinks that take its type. The caller fills
 * from, to, why, account, contact_id, step and data. */
struct wn_change *emit(struct wn_world *w, struct wn_campaign *c, const char *subject, const char *type);
struct wn_change *emit_member(struct wn_world *w, struct wn_member *m, const char *type);
struct wn_change *emit_touch(struct wn_world *w, struct wn_touch *t, const char *type, const char *from);
/* Begun data maps that name the campaign, the member. */
struct wn_map_builder campaign_data(struct wn_world *w, const struct wn_campaign *c);
struct wn_map_builder member_data(struct wn_world *w, const struct wn_member *m);
struct wn_value signal_data(struct wn_world *w, const struct wn_signal *s);

/* world.c: suppressed, or said to be left alone by the trait do_not_contact. */
bool trait_forbids(struct wn_value traits);
bool may_not_contact(const struct wn_account *a);

/* verdict_batch.c: a signal arrived that a stay term rests on, through a computed trait. */
bool verdicts_move_stay(const struct wn_world *w, const struct wn_account *a);

/* campaign.c: the only place where a campaign's state changes. */
void campaign_move(struct wn_world *w, struct wn_campaign *c, enum wn_campaign_state to, enum wn_result result, const char *why);
void finish_if_spent(struct wn_world *w, struct wn_campaign *c); /* an open campaign whose budget is spent takes no more members */
void campaign_emptied(struct wn_world *w, struct wn_campaign *c); /* the last member left */

/* open.c */
void verdict_true(struct wn_world *w, struct wn_verdict *v);
void enrol_contact_like(struct wn_world *w, const struct wn_member *like, struct wn_contact *contact);
void non_action(struct wn_world *w, const struct wn_verdict *v, enum wn_non_action_reason reason, const char *detail);
/* What a true verdict must pass before it may enrol anybody, in the order in which an operator would ask. */
struct guard {
	enum wn_non_action_reason reason;
	bool (*refuses)(struct wn_world *w, const struct wn_verdict *v);
	const char *(*tell)(struct wn_world *w, const struct wn_verdict *v); /* detail of a refusal, in w->arena; NULL: the reason says all */
	bool of_truth; /* reads what only a true verdict has: evidence, group, contacts */
};
extern const struct guard verdict_guards[];
extern const size_t verdict_guards_n;
int64_t cooldown_until(const struct wn_account *a, const struct wn_segment *s);

/* member.c: the only place where a member leaves. */
struct wn_member *member_new(struct wn_world *w, struct wn_campaign *c, struct wn_account *a, struct wn_contact *contact,
			     const struct wn_evidence *const *ev, size_t n_ev, struct wn_id signal_key);
void member_start(struct wn_world *w, struct wn_member *m); /* box and first touch begin: at enrolment, or at approval */
void member_leave(struct wn_world *w, struct wn_member *m, enum wn_left why);
bool member_extend(struct wn_world *w, struct wn_member *m, const struct wn_verdict *v);
/* False: as many count as may, and all are fresher. */
bool member_make_room(const struct wn_world *w, struct wn_member *m, const struct wn_evidence *e);
void member_refresh(struct wn_world *w, struct wn_member *m); /* heat, stale_us again; lowers due_us where needed */
void member_due(struct wn_world *w, struct wn_member *m);
bool member_is_over(struct wn_world *w, struct wn_member *m);
void member_unfit(struct wn_world *w, struct wn_member *m);
struct wn_signal *member_signal(const struct wn_member *m);
struct wn_contact *member_contact(const struct wn_member *m);
static inline bool member_is_live(const struct wn_member *m) { return m->left == WN_LEFT_LIVE; }

/* touch_plan.c: the only place where a touch changes its state. */
void touch_move(struct wn_world *w, struct wn_touch *t, enum wn_touch_state to, const char *type, struct wn_str reason);
void plan_step(struct wn_world *w, struct wn_member *m, size_t step, int64_t base_us);
void cancel_touches(struct wn_world *w, struct wn_member *m);
void wake_held_touches(struct wn_world *w, struct wn_member *m);
bool has_open_touch(const struct wn_member *m);

void cancel_open_touches(struct wn_world *w, struct wn_member *m, struct wn_str why);

/* outcome.c */
enum wn_rc on_outcome(struct wn_world *w, const struct wn_event *ev, struct wn_err *err);
enum wn_rc on_resume(struct wn_world *w, const struct wn_event *ev, struct wn_err *err);

/* review.c */
void write_review(struct wn_world *w, struct wn_campaign *c, bool final);

static inline int64_t min_us(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max_us(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t later_us(int64_t at, int64_t by) { return at > WN_NEVER - by ? WN_NEVER : at + by; }

#endif
