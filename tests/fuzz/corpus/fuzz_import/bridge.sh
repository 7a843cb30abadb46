0#!/bin/bash
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
MODEL_NAME=gpt_oss_20b
SEQ_LENGTH=4096
TP=2
CLI_OVERRIDES=" \
    model.seq_length=$SEQ_LENGTH \
    dataset.sequence_length=$SEQ_LENGTH \
    train.train_iters=1000 \
    train.global_batch_size=128 \
    train.micro_batch_size=1 \
    checkpoint.save=/workspace/results/${MODEL_NAME} \
    model.tensor_model_parallel_size=$TP \
    model.pipeline_model_parallel_size=4 \
    model.expert_model_parallel_size=4 \
    model.expert_tensor_parallel_size=1 \
    model.sequence_parallel=True \
    model.context_parallel_size=1 \
    model.moe_token_dispatcher_type=alltoall \
    model.recompute_granularity=selective \
    model.recompute_modules=[core_attn,layernorm] \
    mixed_precision=bf16_with_mxfp8_mixed \
    ddp.overlap_grad_reduce=true ddp.use_distributed_optimizer=true \
    comm_overlap.tp_comm_overlap=true \
"
CMD="python /opt/Megatron-Bridge/scripts/training/run_recipe.py"
CMD="$CMD --recipe ${MODEL_NAME}_pretrain_config $CLI_OVERRIDES"
srun --mpi=pmix bash -c "$CMD"
