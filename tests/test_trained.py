from hemline.params import Normalize, Training
from hemline.training.trained import Settings, Trained

FIGURES = {"loss": 0.1 + 0.2, "accuracy": 1e-05}
SETTINGS = Settings(variant="tiny", dataset="tiny", normalize=Normalize(), training=Training(hidden=[]))


def written(folder, history):
    trained = Trained("tiny", folder)
    trained.folder.mkdir()
    trained.write(SETTINGS, history)
    return trained


def test_the_history_is_in_the_order_of_seeds_and_epochs_whatever_ended_first(tmp_path):
    history = [{"seed": seed, "epoch": epoch} | FIGURES for epoch in (2, 10, 1) for seed in (10, 9)]
    table = written(tmp_path, history).history()
    assert table[["seed", "epoch"]].to_numpy().tolist() == [[9, 1], [9, 2], [9, 10], [10, 1], [10, 2], [10, 10]]


def test_the_history_has_every_digit_and_empty_places_where_there_is_no_validation_set(tmp_path):
    trained = written(tmp_path, [{"seed": 0, "epoch": 1} | FIGURES])
    assert (trained.folder / "history.csv").read_bytes() == (
        b"seed,epoch,loss,accuracy,val_loss,val_accuracy\n0,1,0.30000000000000004,1e-05,,\n"
    )
    assert trained.history().val_loss.isna().all()


def test_figures_of_a_further_set_have_columns_of_their_own(tmp_path):
    table = written(tmp_path, [{"seed": 0, "epoch": 1, "test_loss": 0.5} | FIGURES]).history()
    assert table.test_loss.tolist() == [0.5]
