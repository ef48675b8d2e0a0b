#!/usr/bin/env bash
# Everything there is to measure on a card, into one table: OUT, gpu.md by default.
#
#   pip install -e '.[cuda]' torch      # for one CUDA: python -c 'import jax, torch' says
#   bash benchmarks/gpu.sh [OUT]
#   TINY=1 bash benchmarks/gpu.sh [OUT] # minutes of a CPU: shows that it runs, no speed
#
# Goals: 2 x PyTorch's images/s; an epoch of 280,000 with scores in 50 s on an H100; 30
# epochs of FERPlus (28,709 faces, 48 px) in 60 s, which are 2 s each.
set -euo pipefail
cd "$(dirname "$0")/.."
OUT=${1:-gpu.md}
PYTHON=${PYTHON:-python}
TINY=${TINY:+--width=16 --batch=4 --steps=1 --drawn=8 --workers=0 --seconds=1 --float32}
: > "$OUT"
command -v nvidia-smi > /dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total \
    --format=csv,noheader | sed 's/$/\n/' >> "$OUT"
# shellcheck disable=SC2086  # several words
{
    $PYTHON -m benchmarks.gpu --out="$OUT" $TINY
    $PYTHON -m benchmarks.gpu --out="$OUT" --backbone=resnet18_slim --width=24 \
        --faces=28709 --drawn=28709 $TINY
}
echo "written: $OUT"
