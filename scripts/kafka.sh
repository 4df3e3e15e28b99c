# shellcheck shell=bash
# How the one Kafka node is prepared, started and known to be ready. Sourced by `servers`.

# The jars are the same for every state folder of a checkout, so they are kept once.
KAFKA_LIBS=${WEIR_KAFKA_LIBS:-$WEIR_ROOT/.state/kafka/libs}

# WEIR_KAFKA_ADVERTISED_PORT: where clients are sent, if that is not where it listens (a test's wire between them).
kafka_start() {
  local home=$WEIR_STATE/kafka-data
  [ -n "$(find "$KAFKA_LIBS" -name 'kafka_2.13-*.jar' -print -quit 2>/dev/null)" ] ||
    die "no Kafka jars in $KAFKA_LIBS: run scripts/install"
  ! port_is_taken "$WEIR_KAFKA_PORT" || die "port $WEIR_KAFKA_PORT (Kafka) is taken: set WEIR_KAFKA_PORT"
  mkdir -p "$home"
  fill ../deploy/kafka/server.properties KAFKA_PORT="$WEIR_KAFKA_PORT" \
    ADVERTISED_PORT="${WEIR_KAFKA_ADVERTISED_PORT:-$WEIR_KAFKA_PORT}" \
    CONTROLLER_PORT="$WEIR_KAFKA_CONTROLLER_PORT" DATA="$home/data" >"$home/server.properties"
  if [ ! -f "$home/data/meta.properties" ]; then kafka_format "$home"; fi
  # One collector thread, and a small young generation, whose collection stops the broker for 14 ms where
  # a large one's did for 48 (docs/adr/0008).
  local jvm
  read -r -a jvm <<<"${WEIR_KAFKA_JVM:--Xms512m -Xmx512m -Xmn24m -XX:+UseSerialGC}"
  process_start kafka java "${jvm[@]}" \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    -Dorg.slf4j.simpleLogger.showDateTime=true \
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS" \
    -cp "$KAFKA_LIBS/*" kafka.Kafka "$home/server.properties"
}

# A format that was cut short leaves a folder without its mark, so it begins anew.
kafka_format() {
  local id log
  log=$1/format.log
  rm -rf "$1/data"
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
  # An id that begins with a dash would be read as an option.
  java -Xmx128m -cp "$KAFKA_LIBS/*" kafka.tools.StorageTool format -t "w${id:1}" \
    -c "$1/server.properties" >"$log" 2>&1 || { cat "$log" >&2; die "Kafka's storage cannot be formatted"; }
}

# The node says so itself once its broker is registered, unfenced and taking requests.
kafka_wait() { wait_ready kafka 60 kafka_ready; }
kafka_ready() { grep -q 'Kafka Server started' "$(log_file kafka)" && port_is_taken "$WEIR_KAFKA_PORT"; }

kafka_stop_signal() { echo TERM; }
kafka_address() { echo "$WEIR_BROKERS"; }
