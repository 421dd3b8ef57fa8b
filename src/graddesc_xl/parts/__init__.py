"""What an experiment is put together from: data, models, losses, optimizers."""
