#!/bin/sh
# Formats its folder at the first start, with the users whose passwords stand beside the keys.
set -eu
export CLASSPATH='/opt/kafka/*'
java="/opt/java/bin/java -Xms256m -Xmx512m -XX:+UseSerialGC"
if [ ! -e /var/lib/kafka/formatted ]; then
    set --
    for file in /run/keys/rapport-*; do
        set -- "$@" --add-scram "SCRAM-SHA-512=[name=$(basename "$file"),password=$(cat "$file")]"
    done
    $java kafka.tools.StorageTool format --cluster-id=MkU3OEVBNTcwNTJENDM2Qk -c /etc/kafka/broker.properties "$@"
    touch /var/lib/kafka/formatted
fi
exec $java kafka.Kafka /etc/kafka/broker.properties
