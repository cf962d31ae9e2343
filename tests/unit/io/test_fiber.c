/* SPDX-License-Identifier: MIT */
/* Loop, timers and fibers on a virtual clock and on real pipes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include <whynow/fiber.h>
#include <whynow/limits.h>

#define START INT64_C(1750000000000000)

struct world {
	struct wn_clock *clock;
	struct wn_loop *loop;
	char said[256];
	struct wn_fiber *fiber;
	struct wn_turn turn;
	struct wn_timer *timer;
	int pipe[2];
	enum wn_rc rc;
	int count;
};

static void say(struct world *w, const char *word)
{
	size_t n = strlen(w->said);

	snprintf(w->said + n, sizeof(w->said) - n, "%s%s", n ? " " : "", word);
}

static struct world *open_world(struct wn_clock *clock)
{
	struct world *w = calloc(1, sizeof(*w));

	w->clock = clock;
	w->loop = wn_loop_new(clock);
	assert_int_equal(pipe(w->pipe), 0);
	return w;
}

static void close_world(struct world *w)
{
	wn_timer_free(w->timer);
	wn_loop_free(w->loop);
	wn_clock_free(w->clock);
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
}

struct word {
	struct world *w;
	const char *word;
};
static void say_word(void *ctx)
{
	struct word *word = ctx;

	say(word->w, word->word);
}

static void timers_fire_in_order_of_due_then_of_arming(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));
	struct word words[] = {{w, "late"}, {w, "first"}, {w, "second"}, {w, "early"}, {w, "never"}};
	struct wn_timer *t[5];
	const int64_t due[] = {30, 20, 20, 10, 99};

	(void)state;
	for (int i = 0; i < 5; i++) {
		t[i] = wn_timer_new(w->loop, "t", say_word, &words[i]);
		wn_timer_at(t[i], START + due[i]);
	}
	wn_timer_cancel(t[4]);
	assert_int_equal(wn_loop_next_us(w->loop), START + 10);
	wn_loop_advance(w->loop, START + 25);
	assert_string_equal(w->said, "early first second");
	assert_int_equal(wn_clock_now_us(w->clock), START + 25);
	wn_loop_advance(w->loop, START + 1000);
	assert_string_equal(w->said, "early first second late");
	assert_int_equal(wn_timer_due_us(t[0]), WN_NEVER);
	for (int i = 0; i < 5; i++)
		wn_timer_free(t[i]);
	close_world(w);
}

static void many_timers_moved_at_random_keep_their_order(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));
	struct word word = {w, ""};
	struct wn_timer *t[500];
	unsigned seed = 7;
	int64_t last = 0;

	(void)state;
	for (int i = 0; i < 500; i++)
		t[i] = wn_timer_new(w->loop, "t", say_word, &word);
	for (int i = 0; i < 5000; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 30)
			wn_timer_at(t[seed / 7 % 500], START + (seed >> 8) % 100000);
		else
			wn_timer_cancel(t[seed / 7 % 500]);
	}
	for (int64_t next; (next = wn_loop_next_us(w->loop)) != WN_NEVER;) {
		assert_true(next >= last);
		last = next;
		wn_loop_advance(w->loop, next);
	}
	for (int i = 0; i < 500; i++) {
		assert_int_equal(wn_timer_due_us(t[i]), WN_NEVER);
		wn_timer_free(t[i]);
	}
	close_world(w);
}

static void rearm(void *ctx)
{
	struct world *w = ctx;

	if (++w->count < 100)
		wn_timer_after(w->timer, WN_SECOND);
}

static void a_timer_may_arm_itself_and_an_advance_runs_every_period(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));

	(void)state;
	w->timer = wn_timer_new(w->loop, "period", rearm, w);
	wn_timer_at(w->timer, START + WN_SECOND);
	wn_loop_advance(w->loop, START + 10 * WN_SECOND);
	assert_int_equal(w->count, 10);
	wn_loop_advance(w->loop, START + 1000 * WN_SECOND);
	assert_int_equal(w->count, 100);
	close_world(w);
}

static void stop_loop(void *ctx)
{
	wn_loop_stop(((struct world *)ctx)->loop);
}

static void live_timers_fire_and_not_early(void **state)
{
	struct world *w = open_world(wn_clock_new_live());
	int64_t due = wn_clock_now_us(w->clock) + 20000;

	(void)state;
	w->timer = wn_timer_new(w->loop, "stop", stop_loop, w);
	wn_timer_at(w->timer, due);
	wn_loop_run(w->loop);
	assert_true(wn_clock_now_us(w->clock) >= due);
	assert_true(wn_loop_turns(w->loop) < 10);
	close_world(w);
}

static void two_waits(void *ctx)
{
	struct world *w = ctx;

	say(w, "begin");
	assert_int_equal(wn_fiber_wait(w->loop, 5 * WN_SECOND), WN_OK);
	say(w, "5s");
	assert_int_equal(wn_fiber_wait_until(w->loop, START + WN_HOUR), WN_OK);
	say(w, "1h");
}

static void a_fiber_waits_on_the_injected_clock(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));

	(void)state;
	assert_non_null(wn_fiber_start(w->loop, "two waits", two_waits, w));
	assert_string_equal(w->said, "");
	wn_loop_run_until_idle(w->loop);
	assert_string_equal(w->said, "begin");
	wn_loop_advance(w->loop, START + 10 * WN_SECOND);
	assert_string_equal(w->said, "begin 5s");
	assert_int_equal(wn_fiber_count(w->loop), 1);
	wn_loop_advance(w->loop, START + WN_DAY);
	assert_string_equal(w->said, "begin 5s 1h");
	assert_int_equal(wn_fiber_count(w->loop), 0);
	close_world(w);
}

static void reader(void *ctx)
{
	struct world *w = ctx;
	int ready = 0;
	char c;

	w->rc = wn_fiber_wait_fd(w->loop, w->pipe[0], WN_READ, 20, &ready);
	say(w, w->rc == WN_AGAIN ? "timeout" : "ready");
	w->rc = wn_fiber_wait_fd(w->loop, w->pipe[0], WN_READ, 10000, &ready);
	assert_int_equal(ready, WN_READ);
	assert_int_equal(read(w->pipe[0], &c, 1), 1);
	say(w, "read");
}

static void writer(void *ctx)
{
	struct world *w = ctx;

	while (!w->said[0])
		assert_int_equal(wn_fiber_yield(w->loop), WN_OK);
	assert_int_equal(write(w->pipe[1], "x", 1), 1);
}

static void waiting_for_a_socket_times_out_in_real_time_and_then_reads(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));

	(void)state;
	wn_fiber_start(w->loop, "reader", reader, w);
	wn_fiber_start(w->loop, "writer", writer, w);
	wn_loop_run_until_idle(w->loop); /* waits really: the reader is busy */
	assert_string_equal(w->said, "timeout read");
	close_world(w);
}

static void parker(void *ctx)
{
	struct world *w = ctx;

	w->rc = wn_fiber_park(w->loop);
	say(w, wn_rc_to_text(w->rc));
	if (w->rc)
		return;
	w->rc = wn_fiber_park_until(w->loop, START + WN_SECOND);
	say(w, wn_rc_to_text(w->rc));
	w->rc = wn_fiber_park(w->loop);
	say(w, wn_rc_to_text(w->rc));
	w->rc = wn_fiber_park(w->loop);
	say(w, wn_rc_to_text(w->rc));
}

static void a_wake_is_remembered_and_a_cancel_unwinds(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));

	(void)state;
	w->fiber = wn_fiber_start(w->loop, "parker", parker, w);
	wn_fiber_wake(w->fiber); /* before it even runs */
	wn_fiber_wake(w->fiber); /* one, not a count */
	wn_loop_advance(w->loop, START + 2 * WN_SECOND);
	assert_string_equal(w->said, "ok again");
	wn_fiber_wake(w->fiber);
	wn_fiber_wake(w->fiber);
	wn_loop_run_until_idle(w->loop);
	assert_string_equal(w->said, "ok again ok");
	wn_fiber_cancel(w->fiber, false);
	wn_loop_run_until_idle(w->loop);
	assert_string_equal(w->said, "ok again ok cancelled");
	assert_int_equal(wn_fiber_count(w->loop), 0);
	close_world(w);
}

static void waits_for_ever(void *ctx)
{
	struct world *w = ctx;

	if (wn_fiber_wait_fd(w->loop, w->pipe[0], WN_READ, -1, NULL) == WN_CANCELLED)
		say(w, "io");
}

static void freeing_the_loop_unwinds_whoever_still_waits(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));

	(void)state;
	wn_fiber_start(w->loop, "parker", parker, w);
	w->fiber = wn_fiber_start(w->loop, "for ever", waits_for_ever, w);
	w->timer = wn_timer_new(w->loop, "stop", stop_loop, w);
	wn_timer_at(w->timer, START - 1);
	wn_loop_run(w->loop);
	wn_fiber_cancel(w->fiber, false); /* not its I/O */
	assert_string_equal(w->said, "");
	for (int i = 0; i < 3; i++)
		wn_fiber_start(w->loop, "never ran", parker, w);
	wn_timer_free(w->timer);
	w->timer = NULL;
	wn_loop_free(w->loop);
	w->loop = wn_loop_new(w->clock);
	assert_non_null(strstr(w->said, "cancelled"));
	assert_non_null(strstr(w->said, "io"));
	close_world(w);
}

struct taker {
	struct world *w;
	const char *name;
};
static void taker(void *ctx)
{
	struct taker *t = ctx;
	struct world *w = t->w;
	enum wn_rc rc = wn_turn_take(w->loop, &w->turn);

	if (rc) {
		say(w, "gave-up");
		return;
	}
	say(w, t->name);
	assert_int_equal(++w->count, 1); /* alone */
	rc = wn_fiber_wait(w->loop, WN_SECOND);
	w->count--;
	wn_turn_give(&w->turn);
}

static void a_turn_is_held_by_one_and_given_in_order(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));
	struct taker t[] = {{w, "a"}, {w, "b"}, {w, "c"}, {w, "d"}};
	struct wn_fiber *f[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		f[i] = wn_fiber_start(w->loop, t[i].name, taker, &t[i]);
	wn_loop_run_until_idle(w->loop);
	assert_string_equal(w->said, "a");
	assert_int_equal(wn_turn_take(w->loop, &w->turn), WN_REFUSED);
	wn_fiber_cancel(f[2], false); /* in the middle of the queue */
	wn_loop_advance(w->loop, START + 10 * WN_SECOND);
	assert_string_equal(w->said, "a gave-up b d");
	assert_false(w->turn.held);
	assert_int_equal(wn_turn_take(w->loop, &w->turn), WN_OK);
	wn_turn_give(&w->turn);
	close_world(w);
}

static int deep(int n)
{
	volatile char page[1024];

	page[0] = (char)n;
	return n ? deep(n - 1) + page[0] : 0;
}
static void dive(void *ctx)
{
	struct world *w = ctx;

	deep(w->count);
	say(w, "back");
}

static void a_stack_is_deep_enough_for_recursion_and_an_overrun_is_a_fault(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));
	int status = 0;
	pid_t pid;

	(void)state;
	w->count = (int)(WN_FIBER_STACK / 1024 / 2);
	wn_fiber_start(w->loop, "dive", dive, w);
	wn_loop_run_until_idle(w->loop);
	assert_string_equal(w->said, "back");
	pid = fork();
	if (pid == 0) {
		fclose(stderr);
		signal(SIGSEGV, SIG_DFL);
		w->count = 1 << 20;
		wn_fiber_start(w->loop, "too deep", dive, w);
		wn_loop_run_until_idle(w->loop);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close_world(w);
}

static void nothing(void *ctx)
{
	struct world *w = ctx;

	if (wn_fiber_park(w->loop) == WN_OK)
		w->count++;
}

static void too_many_fibers_are_refused_and_a_thousand_cost_little(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));

	(void)state;
	for (int i = 0; i < WN_FIBERS_MAX; i++)
		assert_non_null(wn_fiber_start(w->loop, "n", nothing, w));
	assert_null(wn_fiber_start(w->loop, "one more", nothing, w));
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(wn_fiber_count(w->loop), WN_FIBERS_MAX);
	wn_fiber_cancel_all(w->loop, false);
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(wn_fiber_count(w->loop), 0);
	close_world(w);
}

static void on_pipe(void *ctx, int events)
{
	struct world *w = ctx;
	char c;

	assert_int_equal(events, WN_READ);
	assert_int_equal(read(w->pipe[0], &c, 1), 1);
	w->count++;
}
static void on_signal(void *ctx, int signo)
{
	struct world *w = ctx;

	assert_int_equal(signo, SIGUSR1);
	say(w, "usr1");
}

static void watches_see_data_and_signals(void **state)
{
	struct world *w = open_world(wn_clock_new_virtual(START));
	struct wn_watch *watch = wn_watch_new(w->loop, w->pipe[0], WN_READ, on_pipe, w);
	struct wn_watch *sig = wn_watch_signal(w->loop, SIGUSR1, on_signal, w);

	(void)state;
	assert_int_equal(write(w->pipe[1], "abc", 3), 3);
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(w->count, 3);
	wn_watch_set(watch, 0);
	assert_int_equal(write(w->pipe[1], "d", 1), 1);
	raise(SIGUSR1);
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(w->count, 3);
	assert_string_equal(w->said, "usr1");
	wn_watch_free(watch);
	wn_watch_free(sig);
	close_world(w);
}

static void outside_of_a_fiber_waits_block_and_park_is_refused(void **state)
{
	struct world *w = open_world(wn_clock_new_live());
	int ready = 0;

	(void)state;
	assert_int_equal(wn_fiber_wait_fd(w->loop, w->pipe[0], WN_READ, 10, &ready), WN_AGAIN);
	assert_int_equal(wn_fiber_wait_fd(NULL, w->pipe[1], WN_READ | WN_WRITE, 10, &ready), WN_OK);
	assert_int_equal(ready, WN_WRITE);
	assert_int_equal(wn_fiber_wait(w->loop, 2000), WN_OK);
	assert_int_equal(wn_fiber_park(w->loop), WN_REFUSED);
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(timers_fire_in_order_of_due_then_of_arming),
	    cmocka_unit_test(many_timers_moved_at_random_keep_their_order),
	    cmocka_unit_test(a_timer_may_arm_itself_and_an_advance_runs_every_period),
	    cmocka_unit_test(live_timers_fire_and_not_early),
	    cmocka_unit_test(a_fiber_waits_on_the_injected_clock),
	    cmocka_unit_test(waiting_for_a_socket_times_out_in_real_time_and_then_reads),
	    cmocka_unit_test(a_wake_is_remembered_and_a_cancel_unwinds),
	    cmocka_unit_test(freeing_the_loop_unwinds_whoever_still_waits),
	    cmocka_unit_test(a_turn_is_held_by_one_and_given_in_order),
	    cmocka_unit_test(a_stack_is_deep_enough_for_recursion_and_an_overrun_is_a_fault),
	    cmocka_unit_test(too_many_fibers_are_refused_and_a_thousand_cost_little),
	    cmocka_unit_test(watches_see_data_and_signals),
	    cmocka_unit_test(outside_of_a_fiber_waits_block_and_park_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
