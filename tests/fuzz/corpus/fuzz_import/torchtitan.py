3"""A recipe: Llama 3 8B on 128 GPUs."""
from torchtitan.config.transform import apply_transforms, ContextParallelTransform
from torchtitan.distributed.activation_checkpoint import (
    SelectiveActivationRematConfig,
)
from torchtitan_recipes.models.llama3 import llama3_8b


def llama3_8b_long() -> Trainer.Config:
    config = llama3_8b(seq_len=32768)
    config.parallelism.data_parallel_shard_degree = 8
    config.parallelism.data_parallel_replicate_degree = 2
    config.parallelism.context_parallel_degree = 4
    config.parallelism.pipeline_parallel_degree = 2
    config.parallelism.pipeline_parallel_schedule = "Interleaved1F1B"
    config.parallelism.pipeline_parallel_layers_per_stage = 8
    config.parallelism.pipeline_parallel_first_stage_less_layers = 0
    config.parallelism.pipeline_parallel_last_stage_less_layers = 0
    config.training.max_context_length = 32768
    config.training.num_tokens_per_microbatch_per_dp_rank = 2 * 32768
    config.training.num_tokens_per_train_step = 8388608
    config.activation_checkpoint = SelectiveActivationRematConfig()
    config.compile = CompileConfig(components=["model"])
    return config
