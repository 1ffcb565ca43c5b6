/** Takes the seven fields of {@code visit.avsc} from a message, the patient still as it stands; null where there is no visit. */
interface Reading {
    String[] read(byte[] message);

    static Reading of(String name) {
        return name.equals("hapi") ? new HapiReading() : new HandReading();
    }
}
