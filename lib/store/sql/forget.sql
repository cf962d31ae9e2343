-- Erasure of a person: what the world does not write. class: cold

-- name: forget_fact_changes
DELETE FROM whynow.fact_change WHERE account_id = $1 AND contact_id = $2

-- name: forget_history
UPDATE whynow.history SET data = data - 'contact' - 'redirected_from' - 'subject' - 'text' - 'said' - 'note' WHERE account_id = $1 AND contact_id = $2

-- name: forget_outbox
UPDATE whynow.outbox SET payload = payload - 'contact' - 'redirected_from' - 'subject' - 'text' - 'said' - 'note' WHERE account_id = $1 AND contact_id = $2

-- name: forget_history_signals
UPDATE whynow.history SET data = data #- '{signal,headline}' #- '{signal,url}' #- '{signal,attributes,person}'
WHERE account_id = $1 AND data #>> '{signal,id}' = ANY ($2::uuid[]::text[])

-- name: forget_outbox_signals
UPDATE whynow.outbox SET payload = payload #- '{signal,headline}' #- '{signal,url}' #- '{signal,attributes,person}'
WHERE account_id = $1 AND payload #>> '{signal,id}' = ANY ($2::uuid[]::text[])

-- name: forget_sightings
UPDATE whynow.sighting SET headline = NULL, span = NULL, url = NULL WHERE signal_key = ANY ($1::uuid[])

-- name: forget_outcomes
UPDATE whynow.outcome SET note = NULL WHERE account_id = $1 AND contact_id = $2

-- name: forget_inbox
UPDATE whynow.outcome_inbox SET email = NULL, note = NULL, why = NULL WHERE lower(email) = $1

-- name: forget_reviews
DELETE FROM whynow.account_review WHERE email = $1

-- name: forget_rejects
UPDATE whynow.item_reject SET excerpt = NULL WHERE strpos(lower(excerpt), $1) > 0
