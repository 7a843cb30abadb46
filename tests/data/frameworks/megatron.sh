#!/bin/bash
#SBATCH --job-name=pretrain-70b
#SBATCH --nodes=16
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:8

# Pre-trains a Llama 3 70B. Usage: sbatch megatron.sh CHECKPOINTS DATA
export CUDA_DEVICE_MAX_CONNECTIONS=1
export NCCL_IB_SL=1

GPUS_PER_NODE=8
NNODES=${SLURM_NNODES:-1}
WORLD_SIZE=$(($GPUS_PER_NODE*$NNODES))
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_PORT=6000

CHECKPOINT_PATH=$1
DATA_PATH=$2
TP=${TP:-4}
PP=${PP:-8}
VPP_LAYERS=5

DISTRIBUTED_ARGS=(
    --nproc_per_node $GPUS_PER_NODE
    --nnodes $NNODES
    --rdzv_endpoint $MASTER_ADDR:$MASTER_PORT
)

MODEL_ARGS=(
    --num-layers 80
    --hidden-size 8192
    --ffn-hidden-size 28672
    --num-attention-heads 64
    --group-query-attention
    --num-query-groups 8
    --seq-length 8192
    --max-position-embeddings 131072
    --position-embedding-type rope
    --rotary-base 500000 # as in the release
    --swiglu
    --normalization RMSNorm
    --disable-bias-linear
    --untie-embeddings-and-output-weights
    --vocab-size 128256
    --attention-dropout 0.0 --hidden-dropout 0.0
)

TRAINING_ARGS="
    --micro-batch-size 1
    --global-batch-size 1024
    --train-iters 100000
    --lr 1.5e-4 --min-lr 1.0e-5 --lr-decay-style cosine
    --weight-decay 0.1 --clip-grad 1.0
    --adam-beta1 0.9 --adam-beta2 0.95
    --bf16
    --use-distributed-optimizer --overlap-grad-reduce --overlap-param-gather
    --cross-entropy-loss-fusion"

PARALLEL_ARGS=(
    --tensor-model-parallel-size ${TP}
    --pipeline-model-parallel-size "$PP"
    --num-layers-per-virtual-pipeline-stage $VPP_LAYERS
    --sequence-parallel
)

if [ -n "$1" ]; then
    TRAINING_ARGS="$TRAINING_ARGS --recompute-activations"
fi

srun --container-image="$IMAGE" torchrun ${DISTRIBUTED_ARGS[@]} pretrain_gpt.py \
    ${MODEL_ARGS[@]} \
    $TRAINING_ARGS \
    "${PARALLEL_ARGS[@]}" \
    --data-path $DATA_PATH --tokenizer-type HuggingFaceTokenizer \
    --tokenizer-model meta-llama/Meta-Llama-3-70B \
    --save $CHECKPOINT_PATH --load $CHECKPOINT_PATH --save-interval 500 \
    --log-interval 1 --tensorboard-dir ./tb --wandb-project llama \
    --fp32-residual-connection --overlap-gradreduce
