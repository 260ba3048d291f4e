-- What the database writes with a rating, in the same statement: its event, and its slot if it counts.
-- The event follows app/models/kinds.py ("rated"); tests/architecture/test_history.py holds them together.

-- postgresql: the function rating_given
CREATE OR REPLACE FUNCTION rating_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.counts THEN
    INSERT INTO counted_rating (completion_id, rating_id, person_id, at)
    VALUES (NEW.completion_id, NEW.id, NEW.person_id, NEW.at);
  END IF;
  INSERT INTO event (subject, subject_id, ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
  SELECT 'rating', NEW.id, ticket_id, cycle, 'rated', NEW.person_id, NEW.at, NEW.at, NEW.source,
    json_build_object('rating', NEW.id)
  FROM completion WHERE id = NEW.completion_id;
  RETURN NULL;
END
$$

-- sqlite: the trigger rating_slot
CREATE TRIGGER rating_slot AFTER INSERT ON rating WHEN NEW.counts BEGIN
  INSERT INTO counted_rating (completion_id, rating_id, person_id, at)
  VALUES (NEW.completion_id, NEW.id, NEW.person_id, NEW.at);
END

-- sqlite: the trigger rating_event
CREATE TRIGGER rating_event AFTER INSERT ON rating BEGIN
  INSERT INTO event (subject, subject_id, ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
  SELECT 'rating', NEW.id, ticket_id, cycle, 'rated', NEW.person_id, NEW.at, NEW.at, NEW.source,
    json_object('rating', NEW.id)
  FROM completion WHERE id = NEW.completion_id;
END
